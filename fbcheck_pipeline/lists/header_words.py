"""The words by which people name columns, in many languages."""

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


def is_named(header: str, vocabulary: frozenset[str]) -> bool:
    """True when a word of the name, or all of them together, stands in the vocabulary."""
    words = words_of(header)
    return "".join(words) in vocabulary or any(word in vocabulary for word in words)


def is_phone_name(header: str) -> bool:
    """True when the name says telephone in some language, also as part of a longer word (Privattelefon, 手机号码必填)."""
    return is_named(header, PHONE_WORDS) or any(stem in word for word in words_of(header) for stem in _PHONE_STEMS)
