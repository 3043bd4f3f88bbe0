"""Words that stand in cells in many languages: in place of a number, beside it, or as the name of its column.

Names of countries are in `countries`; what the words beside a number do to it, in `labels`.
"""

# ruff: noqa: RUF001  words of other scripts are what this file is for

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_INNER_CAPITAL, _ASCII_LETTERS = re.compile(r"(?<=[a-z])(?=[A-Z])"), re.compile("[a-z]+")
_ACCENTS = str.maketrans("ıİøØłŁ", "iioolL")


def words_of(text: str) -> list[str]:
    """Lower-case words of a label or a column's name, without accents; `cepTelefonu_2` gives cep, telefonu."""
    spaced = _INNER_CAPITAL.sub(" ", text)
    if spaced.isascii():
        return _ASCII_LETTERS.findall(spaced.lower())
    plain = unicodedata.normalize("NFKD", spaced.translate(_ACCENTS)).casefold()
    kinds = [(char, unicodedata.category(char)) for char in plain]
    return "".join(char if kind[0] == "L" or kind == "Mc" else "" if kind == "Mn" else " " for char, kind in kinds).split()


def longest_first(words: Iterable[str]) -> str:
    """Words as alternatives of an expression, of which the first that fits is taken."""
    return "|".join(sorted(words, key=lambda word: (-len(word), word)))


def folded_words(text: str) -> frozenset[str]:
    """A vocabulary for comparing with what `words_of` gives."""
    return frozenset("".join(words_of(word)) or word for word in text.split())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compared without blanks, points, dashes and brackets, case-folded.
EMPTY_WORDS = _words(
    """
    na n/a nan none null nil nill nv ka kein keine keiner keineangabe yok bos boş belirtilmemiş bilinmiyor unknown unbekannt
    notavailable notapplicable missing empty blank leer vide vacio vacío nd s/n sn sintelefono sinteléfono ninguno ninguna nenhum
    nenhuma aucun aucune inconnu nessuno nt nat nonumber nophone notel x xx xxx нет неизвестно
    无 無 なし 없음 لايوجد tbd tba undefined
    """
) | {""}

# The name of a telephone, alone or as a part of a column's.
TELEPHONE_WORDS = folded_words(
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
NUMBER_WORDS = folded_words("number no nr num numara numarasi numero nummer номер 号码 番号 번호 رقم")
# Before a number of something else than a telephone.
REFERENCE_WORDS = folded_words(
    """
    ref reference referenz referans referencia référence riferimento referens réf id ids uid guid order orders orderid ordernr bestellung
    bestellnr bestellnummer auftrag auftragsnr auftragsnummer sipariş siparis pedido commande ordine ordre bestilling zamówienie
    objednávka заказ замовлення invoice inv faktura fatura facture factura fattura rechnung rechnungsnr счет рахунок ticket bilet case
    vorgang aktenzeichen dosya policy police polis poliçe policen contract vertrag vertragsnr sözleşme contrato contrat contratto договор
    договора договору договір kundennr kundennummer kdnr kd customer customerid client clientid cliente müşteri klient klientennr клиент
    account acct konto kontonr kontonummer hesap cuenta compte conto conta счёт iban bic swift bank qq icq abn acn kra унп vat ust ustid ustidnr uid
    mwst tva iva btw kdv pvn dph moms vkn tckn tc kimlik vergi tax taxid taxno steuer steuernr steuernummer inn инн кпп огрн снилс edrpou
    єдрпоу nif nie dni cif rut rfc curp cpf cnpj rg cuit cuil cedula cédula ruc nit siret siren insee ssn ein itin nin nino nhs
    pesel nip regon krs cvr cpr kvk bsn rsin org orgnr organisationsnummer organisasjonsnummer orgno personnr personnummer
    personnumer kennitala hetu ytunnus ico ičo dic dič cui cnp oib pib jmbg mbs eik egn ean isbn isin imei iccid sku asin serial
    seri seriennr sn lead booking buchung buchungsnr rezervasyon reserva reservation reservierung po rma awb tracking sendungsnr kargo
    member memberid mitglied mitgliedsnr matricule matrikel matrikelnr registration plz zip zipcode postcode postleitzahl cap
    postnummer postnr posta code kod kodu kode codice código codigo код индекс 郵 lat lon lng long latitude longitude gps
    """
)
_PLACES = """
    ph mobiltel fax wp sms ev iş home work office privat büro dienstlich beruflich geschäftlich zentrale bureau ufficio casa oficina
    kantor rumah dom toimisto koti työ
    """
PLACE_WORDS = _words(_PLACES) | folded_words(_PLACES)
"""Of a number at home, at work, of a fax: as they are written, and as `words_of` gives them."""
# May stand directly at the number, without a blank.
LABELS = TELEPHONE_WORDS | NUMBER_WORDS | folded_words(_PLACES)

# (H) (W) (C) (M) (T) (F) (P) after a number, T. M. … before it; other lone letters may be digits.
LABEL_LETTERS = frozenset("hwcmtfp")

# `x` and `#` are in the rule itself.
_EXTENSIONS = _words(
    r"""
    ext\. ext extn extension extensión extensão exténsion xtn dahili dah\. dah dh dâhilî dâhili i[çc]\s?hat int\. int
    intern interno interne ramal rml r\. anexo anx poste durchwahl dw nebenstelle nst apparat app\. toestel wewn wew\. belső
    mellék доб\. доб добавочный внутр\. вн\. linka kl\. 内線 分机 내선
    """
)
EXTENSION_WORDS = longest_first(_EXTENSIONS)

# Between two numbers of one cell.
JOINING_WORDS = "or|veya|ya da|yada|oder|ou|et|and|ve|und|ile|или|lub|of|eller|або|或|または|또는|أو"
JOINING_LETTERS = "o|y|e|и|ή"
