"""The words by which people name columns, in many languages; those for telephones and numbers are in `text.cell_words`."""

from __future__ import annotations

from fbcheck_pipeline.text.cell_words import TELEPHONE_WORDS, folded_words, words_of

_PHONE_STEMS = folded_words(
    "telefon telephon phone rufnummer handynummer mobilnummer celular телефон 电话 電話 手机 手機 携帯 전화 휴대폰 هاتف"
)
OTHER_WORDS = folded_words(
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
GENERAL_WORDS = folded_words(
    """
    name names ad adi soyad soyadi isim vorname nachname nom prenom nombre apellido apellidos nome
    cognome first last surname email mail eposta e note notes not notiz city sehir il ilce stadt ville
    ciudad cidade address adres adresse direccion endereco company firma sirket empresa comments comment
    aciklama bemerkung source kaynak channel kanal segment group grup имя фамилия город 姓名 名前 이름 اسم
    contact kontak kontakt iletisim person kisi user kullanici tag event score
    """
)
REGION_WORDS = folded_words(
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
    return is_named(header, TELEPHONE_WORDS) or any(stem in word for word in words_of(header) for stem in _PHONE_STEMS)
