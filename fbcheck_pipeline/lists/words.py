"""The words by which people name columns, and what a telephone number looks like from afar.

Only hints: what a phone number *is* belongs to the phones room.
"""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = str.maketrans("ıİøØłŁ", "iioolL")


def words_of(header: str) -> list[str]:
    """Lower-case words of a column's name without accents; `cepTelefonu_2` gives cep, telefonu."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    plain = unicodedata.normalize("NFKD", spaced.translate(_ACCENTS)).casefold()
    kinds = [(char, unicodedata.category(char)) for char in plain]
    return "".join(char if kind[0] == "L" or kind == "Mc" else "" if kind == "Mn" else " " for char, kind in kinds).split()


def _set(text: str) -> frozenset[str]:
    return frozenset("".join(words_of(word)) or word for word in text.split())


PHONE_WORDS = _set(
    """
    phone phones telephone telephones tel tels mobile mobiles mobil mob cell cellphone cellular msisdn
    whatsapp wa gsm handy telefon telefonu telefonnummer telefonnr telefonnumarasi telno cep ceptel
    ceptelefonu ceptelefon handynummer mobilnummer mobilfunk mobiltelefon mobilenummer rufnummer festnetz
    phonenumber phoneno mobileno mobilenumber telefoon telefoonnummer mobiel gsmnummer telefone telefones
    celular celulares movil fono telefono telefoni cellulare telefonino portable telephonie tlf tfno tlfn
    mobilni telefonszam telefonas puhelin puhelinnumero matkapuhelin telefonnik komorka dienthoai sdt
    didong telepon ponsel hp nohp телефон телефоны тел моб мобильный сотовый номертелефона τηλεφωνο
    κινητο 电话 電話 手机 手機 手机号 手机号码 电话号码
    電話番号 携帯 携帯電話 联系电话 전화 전화번호 휴대폰 핸드폰 هاتف الهاتف جوال الجوال موبايل
    تلفن موبایل טלפון נייד फोन मोबाइल โทรศัพท์ เบอร์โทร มือถือ
    """
)
_PHONE_STEMS = _set(
    "telefon telephon phone rufnummer handynummer mobilnummer celular телефон 电话 電話 手机 手機 携帯 전화 휴대폰 هاتف"
)
NUMBER_WORDS = _set("number no nr num numara numarasi numero nummer номер 号码 番号 번호 رقم")
OTHER_WORDS = _set(
    """
    id ids uid uuid type typ tip tipo status durum verified valid consent izin optin optout date datum
    tarih tarihi fecha data time zeit saat created updated price preis fiyat precio amount betrag tutar
    total toplam iban tckn tc kimlik identity passport vkn vergi tax ssn zip plz postcode postal postakodu kod kodu code order
    siparis invoice fatura rechnung bestellung account hesap konto kunden kundennummer kundennr musteri
    customer model brand marka device count anzahl adet fax faks imei ean barcode barkod lat lng lon
    latitude longitude extension ext dahili bought day gun year yil jahr birth dogum geburtsdatum siren
    siret vat ust
    """
)
GENERAL_WORDS = _set(
    """
    name names ad adi soyad soyadi isim vorname nachname nom prenom nombre apellido apellidos nome
    cognome first last surname email mail eposta e note notes not notiz city sehir il ilce stadt ville
    ciudad cidade address adres adresse direccion endereco company firma sirket empresa comments comment
    aciklama bemerkung source kaynak channel kanal segment group grup имя фамилия город 姓名 名前 이름 اسم
    contact kontak kontakt iletisim person kisi user kullanici tag event score
    """
)
REGION_WORDS = _set(
    """
    country countries region land laender ulke ulkesi pays pais paese paises kraj страна negara quocgia
    国家 國家 国 국가 بلد الدولة iso iso2 iso3 cc countrycode ulkekodu landeskennzahl landkod dialcode
    dialingcode callingcode nation nationality
    """
)
NULL_WORDS = frozenset({"n/a", "#n/a", "na", "-", "--", "nan", "none", "null", "yok", "k.a.", "n.v.", "?", ".", "0", "x"})

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\\s]+")
_DRESSING = re.compile(
    r"""(?:=\s*"(.*)"|'(.*)|(?:tel|phone)[^:\d]*:(.*)|(?:https?://)?(?:wa\.me/|api\.whatsapp\.com/send\?phone=)(.*))""",
    re.IGNORECASE | re.DOTALL,
)
_ADDED = re.compile(
    r"\([^()\d]*[^\W\d_][^()\d]*\)|\s*(?:ext|extension|dahili|int|durchwahl|ramal|poste|x)\.?\s*\d{1,6}$", re.IGNORECASE
)
_DATE = re.compile(r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:[ T]\d{1,2}[:.]\d{2}.*)?")
_DECIMAL = re.compile(r"-?\d{1,3}(?:[.,]\d{3})*[.,]\d{1,2}|-?(?!0\d)\d+[.,](?!0+$)\d+|\d{1,3}(?:\.\d{1,3}){3}")
# Postcodes of the USA and Brazil; identity numbers of the USA, Brazil and Chile.
_CODE = re.compile(r"\d{5}-\d{3,4}|\d{3}-\d{2}-\d{4}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{1,2}\.\d{3}\.\d{3}-\d")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?(?:0?[7-9]|1[0-4])", re.IGNORECASE)
_NUMBER = re.compile(r"[+(]*\d(?:[\d .()+\-\u2013\u2014/]*\d)?[.)]?(?:\.0+)?")
_SEVERAL = re.compile(r"[;,/|\n]| or | oder | veya | ou | o | y ", re.IGNORECASE)


def is_named(header: str, vocabulary: frozenset[str]) -> bool:
    """True when a word of the name, or all of them together, stands in the vocabulary."""
    words = words_of(header)
    return "".join(words) in vocabulary or any(word in vocabulary for word in words)


def is_phone_name(header: str) -> bool:
    """True when the name says telephone in some language, also as part of a longer word (Privattelefon, 手机号码必填)."""
    return is_named(header, PHONE_WORDS) or any(stem in word for word in words_of(header) for stem in _PHONE_STEMS)


def is_missing(cell: str | None) -> bool:
    """True for nothing, blanks, and what people write instead of nothing."""
    return cell is None or _INVISIBLE.sub(" ", cell).strip().casefold() in NULL_WORDS | {""}


def is_phone_like(cell: str) -> bool:
    """True when a cell looks like one telephone number or several; no promise that it is one."""
    text = _undressed(cell)
    return _is_one_number(text) or all(_is_one_number(part.strip()) for part in _SEVERAL.split(text))


def may_hold_number(cell: str) -> bool:
    """True when a telephone number may stand among a cell's words: such a cell is nobody's column name."""
    return is_phone_like(cell) or sum(letter.isdigit() for letter in cell) >= 7


def is_dressed(cell: str) -> bool:
    """True when a phone-like cell is written as people write phones: a plus, a leading zero, brackets, groups."""
    text = _undressed(cell)
    return text[:1] in "+0(" or bool(re.search(r"\d[ ()\-/]+\d", text))


def _undressed(cell: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub(" ", cell)).strip()
    if match := _DRESSING.fullmatch(text):
        text = next(part for part in match.groups() if part is not None).strip()
    return _ADDED.sub("", text).strip()


def _is_one_number(text: str) -> bool:
    if _SCIENTIFIC.fullmatch(text):
        return True
    if any(other.fullmatch(text) for other in (_DATE, _DECIMAL, _CODE)) or not _NUMBER.fullmatch(text):
        return False
    digits = sum(char.isdigit() for char in re.sub(r"\.0+$", "", text))
    return 7 <= digits <= 15
