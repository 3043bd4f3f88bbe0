"""Exports of address books, CRMs, shops and forms: their headers, and in which columns their phones stand.

A layout is a line of the file's header. In it `{phone}` marks a column of phones, `{fax}` one of numbers that may be read or left, `{name}`,
`{mail}`, `{country}` and `{place}` what they say; what stands in a column without a mark follows the `=`, else the column is empty.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from phonenumbers import PhoneNumber

from tests.world.people import E164, INTERNATIONAL, NATIONAL, TEXTS, valid_numbers, written

_GOOGLE_OLD = (
    "Name={name}|Given Name={name}|Additional Name|Family Name|Yomi Name|Group Membership=* myContacts|E-mail 1 - Type=* Home|E-mail 1 - Value={mail}"
    "|Phone 1 - Type=Mobile|Phone 1 - Value={phones}|Phone 2 - Type=Work|Phone 2 - Value={maybe}|Address 1 - Country={place}"
)
_GOOGLE_NEW = (
    "First Name={name}|Middle Name|Last Name={name}|Phonetic First Name|Phonetic Last Name|Nickname|File As|Organization Name|Birthday=1990-05-01"
    "|Notes|Photo=https://lh3.googleusercontent.com/contacts/AB12|Labels=* myContacts|E-mail 1 - Label=* Home|E-mail 1 - Value={mail}"
    "|Phone 1 - Label=Mobile|Phone 1 - Value={phones}|Phone 2 - Label|Phone 2 - Value={maybe}|Address 1 - Postal Code=34000"
)
_OUTLOOK = (
    "First Name={name}|Last Name={name}|Company|Business Street=Main Street 5|Business Postal Code=34000|Business Country/Region={place}"
    "|Business Fax={fax}|Business Phone={phone}|Business Phone 2={maybe}|Home Phone={maybe}|Mobile Phone={phone}|Other Phone|Pager|Primary Phone"
    "|E-mail Address={mail}|Birthday=0/0/00|Priority=Normal|Private=False|Sensitivity=Normal"
)
LAYOUTS = {
    "Google Contacts, until 2023": _GOOGLE_OLD,
    "Google Contacts": _GOOGLE_NEW,
    "Outlook": _OUTLOOK,
    "Outlook, German": "Anrede|Vorname={name}|Nachname={name}|Firma|Straße geschäftlich=Hauptstr. 5|Postleitzahl geschäftlich=10115"
    "|Fax geschäftlich={fax}|Telefon geschäftlich={phone}|Telefon (privat)={maybe}|Mobiltelefon={phone}|E-Mail-Adresse={mail}|Geburtstag=0.0.00",
    "Outlook, Turkish": "Unvan|Ad={name}|Soyadı={name}|Şirket|İş Adresi Posta Kodu=34000|İş Faksı={fax}|İş Telefonu={phone}|Ev Telefonu={maybe}"
    "|Cep Telefonu={phone}|E-posta Adresi={mail}|Doğum Günü=00.00.0000",
    "Outlook, French": "Titre|Prénom={name}|Nom={name}|Société|Code postal (bureau)=75001|Télécopie (bureau)={fax}|Téléphone (bureau)={phone}"
    "|Téléphone (domicile)={maybe}|Tél. mobile={phone}|Adresse de messagerie={mail}|Anniversaire=00/00/00",
    "Outlook, Spanish": "Tratamiento|Nombre={name}|Apellidos={name}|Organización|Fax del trabajo={fax}|Teléfono del trabajo={phone}"
    "|Particular={fax}|Móvil={phone}|Dirección de correo electrónico={mail}",
    "iCloud, vCards as CSV": "fn={name}|n={name}|org|tel;type=CELL={phone}|tel;type=HOME={maybe}|tel;type=WORK,FAX={fax}|email;type=INTERNET={mail}"
    "|bday=1990-05-01|uid=8F3C2A11-7B6D-4E1F-9A53-0C1D2E3F4A5B|rev=2026-11-01T12:30:00Z",
    "iCloud, column per label": "Display Name={name}|Cell Phone={phone}|Home Phone={maybe}|Work Phone={maybe}|Home Email={mail}|Notes=met in 2019",
    "HubSpot": "Record ID=50123401|First Name={name}|Last Name={name}|Email={mail}|Phone Number={phone}|Mobile Phone Number={maybe}"
    "|Lead Status=OPEN|Country/Region={place}|Create Date=2026-11-01 12:30|Associated Company IDs=9876543210",
    "Salesforce": "Id=0035g00000ABCDEAA4|IsDeleted=false|AccountId=0015g00000ZZZZZAA1|LastName={name}|FirstName={name}|MailingPostalCode=34000"
    "|MailingCountry={place}|Phone={phone}|Fax={fax}|MobilePhone={phone}|HomePhone={maybe}|OtherPhone|AssistantPhone|Email={mail}"
    "|CreatedDate=2026-11-01T12:30:00.000Z|SystemModstamp=2026-11-01T12:30:00.000Z",
    "Pipedrive": "Person - ID=1234|Person - Name={name}|Person - Phone - Work={phone}|Person - Phone - Home={maybe}|Person - Phone - Mobile={phone}"
    "|Person - Phone - Other|Person - Email - Work={mail}|Person - Open deals=0|Person - Update time=2026-11-01 12:30:00",
    "Zoho": "Record Id=zcrm_4150868000001234567|Contact Owner.id=zcrm_4150868000000225013|First Name={name}|Last Name={name}|Email={mail}|Phone={phone}"
    "|Other Phone={maybe}|Mobile={phone}|Fax={fax}|Mailing Zip=34000|Mailing Country={place}|Created Time=2026-11-01 12:30:00",
    "Shopify": "Customer ID='6543210987654|First Name={name}|Last Name={name}|Email={mail}|Accepts Email Marketing=yes|Default Address Company"
    "|Default Address Zip='34000|Default Address Country Code={country}|Default Address Phone={quoted}|Phone={quoted}|Total Spent=12.50|Total Orders=3",
    "WooCommerce": "customer_id=17|user_login={mail}|billing_first_name={name}|billing_postcode=34000|billing_country={country}|billing_email={mail}"
    "|billing_phone={phone}|shipping_phone={maybe}|order_total=99.90|order_key=wc_order_58d2d042d1d",
    "Facebook lead ads": "id=l:1234567890123456|created_time=2026-11-01T12:30:00-05:00|ad_id=ag:23848123456789012|ad_name=Video|form_id=f:998877665544332"
    "|is_organic=false|platform=ig|full_name={name}|phone_number={lead}|email={mail}|country={country}",
    "Mailchimp": "Email Address={mail}|First Name={name}|Last Name={name}|Address|Phone Number={phone}|MEMBER_RATING=2|OPTIN_TIME=2026-11-01 12:30:00"
    "|CC={country}|LEID=123456789|EUID=abcdef1234|NOTES",
    "Eventbrite": "Order #=1234567890|Order Date=2026-11-01 12:30:00+03:00|First Name={name}|Surname={name}|Email={mail}|Quantity=1"
    "|Ticket Type=Regular|Attendee #=9876543210|Cell Phone={phone}|Barcode=12345678909876543210001",
    "Google Forms, Turkish": "Zaman damgası=2026/11/01 12:30:15 ÖS EET|Adınız Soyadınız={name}|Telefon numaranız (örn: 0532 123 45 67)={phone}|E-posta={mail}",
    "Google Forms, German": "Zeitstempel=01.11.2026 12:30:15|Name={name}|Wie lautet Ihre Telefonnummer?={phone}|Anmerkungen",
    "Typeform": "#=ab12cd34ef56|What's your name?={name}|What is your phone number?={typed}|Start Date (UTC)=2026-11-01 12:30:00|Network ID=8a1b2c3d4e",
    "Bitrix24, Russian": "ID=1042|Имя={name}|Фамилия={name}|Рабочий телефон={phone}|Мобильный телефон={phone}|Номер факса={fax}|Домашний телефон={maybe}"
    "|Рабочий e-mail={mail}|Дата создания=01.11.2026 12:30:00",
    "1C, Ukrainian": "Код=000000123|Найменування={name}|Телефон={phone}|ІПН=1234567890|Адреса=вул. Хрещатик 1",
    "SAP, German": "Kunde=0000104711|Name 1={name}|Straße=Hauptstr. 5|PLZ=10115|LKZ={country}|Telefon 1={phone}|Telefon 2={maybe}|Telefax={fax}|USt-IdNr.=DE123456789",
    "Salonware, Turkish": "Müşteri No=10234|Adı Soyadı={name}|TC Kimlik No=12345678950|GSM={phone}|Ev Tel={maybe}|Doğum Tarihi=01.05.1990|Bakiye=1.250,00",
    "Japanese shop": "会員番号=00012345|氏名={name}|郵便番号=100-0001|電話番号={phone}|携帯電話={maybe}|メールアドレス={mail}|登録日=2026/11/01",
    "Chinese CRM": "编号=20261101001|姓名={name}|手机号码={phone}|固定电话={maybe}|身份证号=11010519491231002X|创建时间=2026-11-01 12:30:00",
    "Korean CRM": "고객번호=10234|이름={name}|휴대폰번호={phone}|이메일={mail}|가입일=2026-11-01",
    "Arabic CRM": "الرقم=17|الاسم={name}|رقم الهاتف={phone}|رقم الجوال={maybe}|البريد={mail}",
    "Portuguese CRM": "Código=17|Nome={name}|CPF=123.456.789-09|CEP=01310-100|Telefone={phone}|Celular={phone}|E-mail={mail}|Data de nascimento=01/05/1990",
    "Polish CRM": "Lp.=1|Imię i nazwisko={name}|Nr telefonu={phone}|PESEL=44051401359|NIP=1234563218|Kraj={country}",
    "Italian CRM": "Codice cliente=17|Cognome={name}|Nome={name}|Telefono={phone}|Cellulare={phone}|P.IVA=12345678903|CAP=00100",
    "WhatsApp group": "Country Code={country}|Phone Number={phone}|Saved Name={name}|Public Name={name}|Is My Contact=FALSE|Joined=2026-11-01",
    "telephone system": "Date/Time=2026-11-01 12:30:15|Caller Number={phone}|Duration=00:03:12|Cost=0.15|Status=ANSWERED|Unique ID=1761999015.4711",
}  # fmt: skip
"""What a column named nothing but a label says (`Particular`) is left to its cells."""

_MARK = re.compile(r"\{(\w+)\}")


class Field(NamedTuple):
    """A column of an export: its name and what stands in it."""

    name: str
    content: str


@dataclass(frozen=True)
class Export:
    """Rows of text, and for each the numbers in its columns of phones and in those that may be read besides."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    phones: list[frozenset[str]]
    allowed: list[frozenset[str]]


def export_of(layout: str, chance: random.Random, region: str, count: int) -> Export:
    """So many rows of a layout."""
    fields = [Field(*each.partition("=")[::2]) for each in LAYOUTS[layout].split("|")]
    drawn = [_row(fields, chance, region) for _ in range(count)]
    rows, phones, allowed = ([each[part] for each in drawn] for part in range(3))
    return Export(tuple(each.name for each in fields), rows, phones, allowed)  # type: ignore[arg-type]


def _row(fields: Sequence[Field], chance: random.Random, region: str) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
    name = chance.choice(TEXTS["without line feeds"])
    plain = {"name": name, "mail": f"a{chance.randrange(999)}@example.org", "country": region, "place": region}
    cells, phones, allowed = [], set[str](), set[str]()
    for field in fields:
        mark = _MARK.search(field.content)
        if mark is None or mark[1] in plain:
            cells.append(_MARK.sub(lambda found: plain[found[1]], field.content))
            continue
        text, numbers = _cell(mark[1], chance, region)
        (allowed if mark[1] == "fax" else phones).update(numbers)
        cells.append(text)
    return tuple(cells), frozenset(phones), frozenset(allowed | phones)


def _cell(kind: str, chance: random.Random, region: str) -> tuple[str, Sequence[str]]:
    """A cell and its numbers."""
    if kind == "maybe" and chance.random() < 0.6:
        return "", ()
    count = chance.choice((1, 1, 2, 3)) if kind == "phones" else 1
    numbers = list(_drawn(chance, region, count))
    styles = {"quoted": (E164,), "lead": (E164,), "typed": (E164,)}.get(kind, (INTERNATIONAL, NATIONAL, E164))
    texts = [written(number, chance.choice(styles)) for number in numbers]
    text = " ::: ".join(texts)
    e164 = [written(number, E164) for number in numbers]
    return {"quoted": f"'{text}", "lead": f"p:{text}", "typed": f"'{text}"}.get(kind, text), e164


def _drawn(chance: random.Random, region: str, count: int) -> Iterator[PhoneNumber]:
    yield from chance.sample(valid_numbers(region), count)
