"""The words by which people name columns, in many languages; those for telephones and numbers are in `text.cell_words`."""

# ruff: noqa: RUF001  words of other scripts are what this file is for

from __future__ import annotations

import re
from collections.abc import Sequence

from fbcheck_pipeline.text.cell_words import NUMBER_WORDS, TELEPHONE_WORDS, folded_words, words_of

LONGEST_NAME = 500
"""Letters of a cell that are looked at: nobody names a column by more."""
_PHONE_STEMS = folded_words(
    "telefon telephon phone rufnummer handynummer mobilnummer celular телефон 电话 電話 手机 手機 携帯 전화 휴대폰 هاتف"
)
_PHONETIC = ("phonetic", "phonolog", "phonetisch")
"""How a name sounds: address books have columns for it."""
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
    contacts kontakte kisiler persons people personen kunden clients musteriler customers users liste list numaralar numbers nummern numeros
    """
)
REGION_WORDS = folded_words(
    """
    country countries region land laender ulke ulkesi pays pais paese paises kraj страна negara quocgia
    国家 國家 国 국가 بلد الدولة iso iso2 iso3 cc countrycode ulkekodu landeskennzahl landkod dialcode
    dialingcode callingcode nation nationality
    """
)
_KNOWN_WORDS = OTHER_WORDS | GENERAL_WORDS | REGION_WORDS | NUMBER_WORDS
_EXAMPLE_WORDS = folded_words(
    """
    örn örnek örneğin gibi ex example sample exemple ejemplo esempio exemplo beispiel beispielsweise bsp zb voorbeeld bijv exempel np např
    příklad przykład например пример напр format formatı formatında
    """
)
_EXAMPLE_LETTERS = re.compile(
    r"(?<!\w)(?:e\.?\s?g|z\.\s?b|p\.\s?ex|por\s+ej|t\.\s?ex|p\.\s?es|v\.\s?b)(?!\w)|例|예|مثال", re.IGNORECASE
)


def is_named(header: str, vocabulary: frozenset[str]) -> bool:
    """True when a word of the name, or all of them together, stands in the vocabulary."""
    return _is_said(words_of(header[:LONGEST_NAME]), vocabulary)


def _is_said(words: Sequence[str], vocabulary: frozenset[str]) -> bool:
    return "".join(words) in vocabulary or any(word in vocabulary for word in words)


def is_phone_name(header: str) -> bool:
    """True when the name says telephone in some language, also as part of a longer word (Privattelefon, 手机号码必填)."""
    words = words_of(header[:LONGEST_NAME])
    return _is_said(words, TELEPHONE_WORDS) or any(
        stem in word for word in words if not word.startswith(_PHONETIC) for stem in _PHONE_STEMS
    )


def is_known_name(header: str) -> bool:
    """True when a word of the name is one by which people name columns."""
    return is_named(header, _KNOWN_WORDS) or is_phone_name(header)


def is_all_known(header: str) -> bool:
    """True when each word of the name is one by which people name columns."""
    words = words_of(header[:LONGEST_NAME])
    return bool(words) and all(word in _KNOWN_WORDS or is_phone_name(word) for word in words)


def shows_example(header: str) -> bool:
    """True when the name shows by an example how to write what stands below it."""
    name = header[:LONGEST_NAME]
    return _EXAMPLE_LETTERS.search(name) is not None or any(word in _EXAMPLE_WORDS for word in words_of(name))
