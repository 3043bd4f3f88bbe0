"""Words that stand beside numbers in lists of many languages. Names of countries are in `regions`."""

# ruff: noqa: RUF001  words of other scripts are what this file is for

from __future__ import annotations


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

# May stand directly at the number, without a blank.
LABELS = _words(
    """
    tel telefon tlf tlf. telefone telefono teléfono téléphone telephone phone ph mob mobil mobile mobiltel handy cell cep gsm fax
    whatsapp wa wp sms ev iş is home work office privat móvil movil celular cel numara no nr num número numero тел телефон моб
    büro dienstlich beruflich geschäftlich zentrale bureau ufficio casa cellulare oficina kantor rumah dom toimisto koti työ
    """
)

# The digits before these are theirs: `2. Etage`, `18 Uhr`, `3 kişi`.
COUNTED = _words(
    """
    uhr etage etg stock stockwerk og ug person personen pers mal jahre jahr stück stk zimmer kinder std stunden min tage
    étage etage ans heures h personnes piano piani anni ore persone piso pisos años hora horas personas andar anos pessoas
    kat hat kişi adet yaş yaşında saat daire floor fl room years yrs people pax am pm hrs kerros kpl hlö lantai orang jam
    etasje våning år эт этаж лет чел monate monat wochen woche ay hafta gün taksit months weeks days mois semaines jours mesi
    settimane giorni meses semanas días dias kk viikkoa tl lira euro eur usd dollar chf kr rub руб
    """
)

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
# Longest first, since the first that fits is taken.
EXTENSION_WORDS = "|".join(sorted(_EXTENSIONS, key=lambda word: (-len(word), word)))

# Between two numbers of one cell.
JOINING_WORDS = "or|veya|ya da|yada|oder|ou|et|and|ve|und|ile|или|lub|of|eller|або|或|または|또는|أو"
JOINING_LETTERS = "o|y|e|и|ή"
