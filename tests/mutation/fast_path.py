"""Break each guard of the fast path and of what undresses cells for it, one at a time: some test must fail. `python -m tests.mutation.fast_path`

Works on copies in a temporary folder, two at once. Exit code 1 where a mutant survives, or where one no longer applies
because the code has moved on (then it must be written anew: a guard without a mutant is not known to be tested).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PHONES = Path("fbcheck_pipeline/phones")
TESTS = "tests/unit/phones"
WORKERS = 2


class Mutant(NamedTuple):
    """One line of code, and what it is broken into."""

    guard: str
    file: str
    old: str
    new: str


MUTANTS = (
    # what stands beside each number of a column
    Mutant("a letter that says what a number is", "dirty/rejects.py", "in (LABEL_LETTERS, JOINING_LETTERS)", 'in ("", JOINING_LETTERS)'),
    Mutant("a letter that joins two numbers", "dirty/rejects.py", "in (LABEL_LETTERS, JOINING_LETTERS)", 'in (LABEL_LETTERS, "")'),
    Mutant("digits before a lone letter", "dirty/rejects.py", r"\-]*\(?[+0](?:[{LETTERS}0-9", r"\-]*\(?[+0-9](?:[{LETTERS}0-9"),
    Mutant("a bracket beside a lone letter", "dirty/rejects.py", r"|\([0-9+ \-]*\))*$", r"|\([^()]*\))*$"),
    Mutant("digits behind a number with a lone letter", "dirty/rejects.py", "_LETTERED, _ENDS)", "_LETTERED)"),
    Mutant("an extension beside a lone letter", "dirty/rejects.py", "_where_none_goes(cells, matches(cells, _LETTERED,", "(lambda _, found: found)(cells, matches(cells, _LETTERED,"),
    Mutant("a number behind a word", "dirty/rejects.py", r"|[0-9](?:[ \-]*[0-9]){{0,{fewest - 2}}}", r"|[0-9](?:[ \-]*[0-9]){{0,12}}"),
    Mutant("a digit behind a comma that goes", "dirty/beside.py", "may_go = matches(cells, MAY_GO)", 'may_go = matches(cells, "")'),
    Mutant("a label behind a digit", "dirty/beside.py", "may_go[may_go] = ~_are_labelled(", "_ = ~_are_labelled("),
    Mutant("a country behind a digit", "ways/refusals_by_shape.py", "is_number[is_number] = ~names_country(plain", "_ = ~names_country(plain"),
    Mutant("a link that is a mobile's", "ways/one_number.py", "are_kept & ~(are_same | is_chat)", "are_kept & ~are_same"),
    Mutant("a link that no mobile has", "ways/one_number.py", "(are_two & are_kept & is_chat)", "(are_two & are_kept)"),
    Mutant("a link to a number that is not kept", "ways/one_number.py", "are_two & are_kept & ~(", "are_two & ~("),
    Mutant("what goes on with a link beside others", "dirty/linked.py", '"^ *[1-9]"', '"^x"'),
    Mutant("a link without a number beside one", "dirty/linked.py", "((digit_counts(parts) > 0) | is_link)", "(digit_counts(parts) > 0)"),
    Mutant("a message of one of several links", "dirty/linked.py", '"(?i)[?&]text=|', '"(?i)'),
    Mutant("no number beside a link", "ways/several_numbers.py", "& ~is_unclear]] = False", "& ~is_unclear]] = True"),
    Mutant("an unclear number of several links", "ways/several_numbers.py", "first[(is_read & ~are_unclear)[at[first]]]", "first[is_read[at[first]]]"),
    Mutant("equal numbers of several links", "ways/several_numbers.py", "np.sort(np.unique(keys, return_index=True)[1])", "np.arange(len(keys))"),
    Mutant("a number behind a currency's sign", "dirty/cleared.py", "has_long |= matches", "_ = matches"),
    Mutant("a price before another's sign", "dirty/cleared.py", r'_PRICE_FIRST = rf"^{_SUM}\s?{CURRENCY}', r'_PRICE_FIRST = rf"{CURRENCY}'),
    Mutant("what a vCard's types name", "dirty/cleared.py", r'(?:tel:)?(\s*[+(0-9])"', r'(?:tel:)?(\s*)"'),
    Mutant("what goes on with a parameter", "dirty/cleared.py", r"[0-9]{1,5}(\s*(?:$|[;,|/\n]))", r"[0-9]{1,5}(\s*)"),
    Mutant("a number in an extension's parameter", "dirty/cleared.py", "(?:isub|ext)=[0-9]{1,5}", "(?:isub|ext)=[0-9]{1,9}"),
    Mutant("more digits in a message", "dirty/linked.py", "{{0,{MIN_MESSAGE_DIGITS - 1}}}", "{{0,9}}"),
    # words that may count a number's last digits
    Mutant("a country beside counted digits", "ways/refusals_by_shape.py", "is_unclear[is_unclear] = ~names_country", "_ = ~names_country"),
    Mutant("a label behind digits", "dirty/beside.py", "is_counted[is_counted] = ~_are_labelled(", "_ = ~_are_labelled("),
    Mutant("a day before a word", "dirty/beside.py", r"[0-9][/\-][0-9]{1,2}[/\-]|(?i:www\.)", r"(?i:www\.)"),
    Mutant("a page behind a number", "dirty/beside.py", r"[/\-]|(?i:www\.)", r"[/\-]"),
    Mutant("two numbers before a word", "dirty/beside.py", "unless=_NOT_COUNTED) & ~may_be_two", "unless=_NOT_COUNTED)"),
    Mutant("groups of three before a word", "ways/refusals_by_shape.py", "is_clear_number(read) & ~is_threes", "is_clear_number(read)"),
    Mutant("more digits than words count", "ways/refusals_by_shape.py", " & (tails <= MOST_TAIL_DIGITS)", ""),
    Mutant("a number that ends in one place", "ways/refusals_by_shape.py", "is_unclear[places[at]] &= (is_sure", "_ = (is_sure"),
    Mutant("a number is before a count", "ways/refusals_by_shape.py", "is_whole & has_number", "is_whole"),
    # what stands before a telephone's label
    Mutant("a lone letter before a number", "dirty/from_labels.py", "cells = replaced_where(", "replaced_where("),
    Mutant("a country before a label", "dirty/from_labels.py", "goes[goes] = ~names_country", "_ = ~names_country"),
    Mutant("a word before a label", "dirty/from_labels.py", "A_LETTER, goes_before", "goes_before"),
    Mutant("digits right before a label and bare ones", "dirty/from_labels.py", "& (begins == may_end)", "& (begins | may_end)"),
    Mutant("digits before a label of bare ones", "dirty/from_labels.py", "np.where(begins, most[:, 0], most[:, 1])", "most[:, 0]"),
    Mutant("another label before a label", "dirty/from_labels.py", ", unless=STAYS)", ")"),
    Mutant("the sign before a label", "dirty/from_labels.py", "place += _IS_BEFORE[data[place]]", "pass"),
    Mutant("digits that are no number before a label", "dirty/from_labels.py", "(most == count)", "(most <= count)"),
    # links
    Mutant("a second link", "dirty/linked.py", "(?:{_HOST}|@)|phone", "@|phone"),
    Mutant("a chat address behind a link", "dirty/linked.py", "(?:{_HOST}|@)|phone", "(?:{_HOST})|phone"),
    Mutant("a second parameter of a number", "dirty/linked.py", "phone=.*phone=|", ""),
    Mutant("a parameter in place of a number", "dirty/linked.py", r"|wa\.me/.*[?&]phone=", ""),
    Mutant("a digit as HTML writes it", "dirty/linked.py", '|&#"', '"'),
    Mutant("encoded digits in a link", "dirty/linked.py", "2[0-9a-f]|3[a-f]", "2[0-9a-f]|3[0-9a-f]"),
    Mutant("more digits in a link", "dirty/linked.py", "{_PLAIN}){{0,6}}", "{_PLAIN}){{0,9}}"),
    Mutant("an escape in a link", "dirty/linked.py", r"()\[\]\\]|", r"()\[\]]|"),
    Mutant("what goes on with a link", "dirty/linked.py", r"()\[\]][^0-9]*)?$", r"()\[\]].*)?$"),
    Mutant("what goes on with a chat address", "dirty/linked.py", "[^0-9]*[ :;,/(])?", ".*[ :;,/(])?"),
    Mutant("a word that a chat address goes on", "dirty/linked.py", "[^0-9]*[ :;,/(])?", "[^0-9]*)?"),
    Mutant("a link that is another number at home", "ways/one_number.py", "has_plus | (is_sure_here & ~are_two) | ", "True | "),
    Mutant("a number in a parameter", "dirty/linked.py", r"[0-9]){0,5}", r"[0-9]){0,9}"),
    Mutant("a number of a URI that is unclear", "ways/one_number.py", "in_uris(plain), cells, phone_batches.is_clear_number", "in_uris(plain), cells"),
    Mutant("digits in a message", "dirty/linked.py", r'_WORDS = rf"(?:[^0-9%', r'_WORDS = rf"(?:[^%'),
    Mutant("a label of another number", "dirty/linked.py", "are_same[where] = pc.equal", "are_same[where] = True or pc.equal"),
    Mutant("a label of few digits", "dirty/linked.py", "is_long = counts == 0, counts >= MIN_PART_DIGITS", "is_long = counts == 0, counts > 0"),
    Mutant("an address that is none", "dirty/linked.py", '*:(?:[^"%]|%2b)*)', '*)'),
    Mutant("encoded digits in a spreadsheet's link", "dirty/linked.py", ':(?:[^"%]|%2b)*)"', ':[^"]*)"'),
    # the first few digits, which words or signs part from all others
    Mutant("a page before few digits", "dirty/apart.py", r"(?i)//|www\.|", "(?i)//|"),
    Mutant("an address with slashes before few digits", "dirty/apart.py", r"(?i)//|www\.|", r"(?i)www\.|"),
    Mutant("a chat link with few digits", "dirty/apart.py", r"|wa\.me|whatsapp|", "|"),
    Mutant("an item of a vCard with few digits", "dirty/apart.py", "|item[0-9]|&", "|&"),
    Mutant("an escape behind few digits", "dirty/apart.py", "|&[a-z]+;|", "|"),
    Mutant("a power of ten", "dirty/apart.py", r"|^[+\-]?[0-9.,]+\s*e\s*\+?-?[0-9]|", "|"),
    Mutant("hours that are the first few digits", "dirty/apart.py", r"|(?:h|[ap]m)\s?-\s?[0-9]", ""),
    Mutant("a price that is the first few digits", "dirty/apart.py", r"|^[^0-9]*[0-9]+(?:[.,'][0-9]+)*(?:[.,]-)?\s*{CURRENCY}|", "|"),
    Mutant("a price behind its sign", "dirty/apart.py", r"|{CURRENCY}\s*[0-9]", ""),
    Mutant("a price beside few digits that may be a number", "dirty/apart.py", 'f"{_OTHER}|{may_be_price}"', "_OTHER"),
    Mutant("digits that go beside few", "dirty/apart.py", "are_few[are_few] = ~matches(_without", "_ = ~matches(_without"),
    Mutant("first few digits without a region", "ways/refusals_by_shape.py", "are_few & (cells.regions != NONE)", "are_few"),
    Mutant("a bracket of words behind few digits", "dirty/apart.py", r"[^0-9(\[{{{BOUNDS}]*[{BOUNDS}]", "[^0-9{BOUNDS}]*[{BOUNDS}]"),
    Mutant("a short day that is the first few digits", "dirty/apart.py", r"(?:[ /\-]?[0-9])", r"(?:[ ./\-]?[0-9])"),
    Mutant("another part may hold a number", "ways/refusals_by_runs.py", "(is_first_few | ~is_unclear)", "has_other"),
    Mutant("an escaped character", "dirty/cleared.py", "|&[a-z0-9#]+;|", "|"),
    Mutant("a parameter of a number", "dirty/cleared.py", r"|[?&;][a-z \-]+=|", "|"),
    Mutant("several prices", "dirty/cleared.py", 'has_several = matches(texts, f"(?s){CURRENCY}.*{CURRENCY}")', 'has_several = matches(texts, "^$")'),
    Mutant("fewer digits than any number", "dirty/cleared.py", "(digit_counts(cells) >= fewest) & matches", "matches"),
    Mutant("a sum without regard to case", "dirty/cleared.py", "(?-i:{AMOUNT_OR_BOOK})", "(?:{AMOUNT_OR_BOOK})"),
    Mutant("a price behind a moment", "dirty/cleared.py", r"(?: ?[^\s{CURRENCY[1:-1]}])*$", r"(?: ?[^\s])*$"),
    # parts and countries: what may be a time, or another country's
    Mutant("a day without marks", "dirty/parts.py", "{DAY}|{BARE_DAY}|", "{DAY}|"),
    Mutant("hours without marks", "dirty/parts.py", "|{BARE_HOURS})|", ")|"),
    Mutant("a sign of a shape", "dirty/undress.py", "return any(sign in data for sign in signs)", "return False"),
    Mutant("a cell without bytes before others", "fast/digits.py", "begins, of_kind = ends[:-1][has_bytes]", "begins, of_kind = np.minimum(ends[:-1], max(0, len(where) - 1))[: has_bytes.sum()]"),
    Mutant("a block of digits", "fast/digits.py", "begins[first:last] - begins[first]", "begins[first:last] - begins[0]"),
    Mutant("a country in a part without digits", "dirty/parts.py", "keeps &= ~drops", "keeps &= True"),
    Mutant("its code behind a country's name", "ways/one_number.py", "pa.array(has_code), NOTHING", "pa.array(has_code & False), NOTHING"),
    # groups: what else than one number they may be
    Mutant("a date among groups", "dirty/grouped.py", "(?:^|[^0-9])(?:{DAY})(?:[^0-9]|$)|", ""),
    Mutant("a month and hours", "dirty/grouped.py", r"^{MONTH}[\-./]{YEAR}(?: |$)|", ""),
    Mutant("hours among groups", "dirty/grouped.py", r"\.[0-5][0-9]-|", ""),
    Mutant("a place among groups", "dirty/grouped.py", r"\.[0-9]{{4,}}[ /][0-9]+\.[0-9]{{4}}", "place"),
    Mutant("a fraction of groups", "dirty/grouped.py", r"|^[^.]*\.(?:[0-9]{{1,2}}|0+)$", ""),
    Mutant("groups counted from one", "dirty/grouped.py", r"|^1[.\-].* 2[.\-]", ""),
    Mutant("a book among groups", "dirty/grouped.py", "|{AMOUNT_OR_BOOK}", ""),
    Mutant("a short day among groups", "dirty/grouped.py", "(?:^| )(?:{_SHORT_DAY})(?:$| )|", ""),
    Mutant("a 0 alone among groups", "dirty/grouped.py", r"(?:^|[^0-9])0[ ./\-]|", ""),
    Mutant("a piece with a point", "dirty/grouped.py", r"^[0-9]+\.[0-9]+ |", ""),
    Mutant("a computer's address among groups", "dirty/grouped.py", "|{IP_ADDRESS}", ""),
    Mutant("the number of a file among groups", "dirty/grouped.py", "matches(cells, FILE_NUMBER)", "matches(cells, FILE_NUMBER) & False"),
    Mutant("two numbers of groups", "dirty/grouped.py", 'matches(cells, "/")\n', 'matches(cells, "x")\n'),
    Mutant("a computer's address of thousands", "dirty/grouped.py", "_THOUSANDS, unless=IP_ADDRESS", "_THOUSANDS"),
    Mutant("a number before a slash", "dirty/grouped.py", "is_prefix & ((sign == _SLASH) |", "is_prefix & ((sign == 0) |"),
    Mutant("a number before a point", "dirty/grouped.py", "((sign != _DASH) | counts_on)", "counts_on"),
    Mutant("a number before the next of a range", "dirty/grouped.py", "((sign != _DASH) | counts_on)", "(sign != _DASH)"),
    Mutant("a second number of groups", "dirty/grouped.py", "(follows_count | (digits_before >= MIN_RESTART_DIGITS))", "follows_count"),
    Mutant("a count before a number of groups", "dirty/grouped.py", "(follows_count | (digits_before >= MIN_RESTART_DIGITS))", "(digits_before >= MIN_RESTART_DIGITS)"),
    Mutant("a number behind one group", "dirty/grouped.py", "((follows_one & ~has_code) | may_be_second)", "may_be_second"),
    Mutant("a number behind another", "dirty/grouped.py", "((follows_one & ~has_code) | may_be_second)", "(follows_one & ~has_code)"),
    Mutant("a number behind a code's group", "dirty/grouped.py", "follows_count & ~has_code,", "follows_count,"),
    Mutant("a range's beginning is a number's", "dirty/grouped.py", "(runs.last >= last_parted[runs.of_cell]) & (counted >= MIN_PART_DIGITS)", "(runs.last >= last_parted[runs.of_cell])"),
    Mutant("a range has no other groups", "dirty/grouped.py", "(runs.last >= last_parted[runs.of_cell])", "(runs.last >= 0)"),
    Mutant("a range's end is short", "dirty/grouped.py", '| (groups.digits > MOST_NEXT)\n', '| (groups.digits > 9)\n'),
    Mutant("two numbers of no trunk in groups", "ways/number_groups.py", "np.isin(national, [*lengths_of_two(name)])", "np.isin(national, [99])"),
    Mutant("a prefix that goes from groups", "ways/number_groups.py", "(digit_counts(plain) - national > LONGEST_CODE)", "(digit_counts(plain) - national > 99)"),
    Mutant("groups in a column from abroad", "ways/number_groups.py", "is_number[whole] & (cells.says != Says.INTERNATIONAL)", "is_number[whole]"),
    Mutant("a 0 behind a code", "ways/number_groups.py", "is_whole[has_zero] &= is_sure & (", "is_whole[has_zero] &= True | ("),
    Mutant("a run of groups is a number", "ways/number_groups.py", "is_read &= has_number  #", "#"),
    Mutant("groups that may be a number", "ways/number_groups.py", "may_be_number = is_number | ~is_sure", "may_be_number = is_number"),
    # words beside digits that may be a number
    Mutant("a long part before words", "dirty/rejects.py", "{{0,{MIN_PART_DIGITS - 2}}}[0-9]{_WORD_BETWEEN}", "{{0,{MIN_PART_DIGITS + 9}}}[0-9]{_WORD_BETWEEN}"),
    Mutant("a long part behind words", "dirty/rejects.py", "{{1,{MIN_PART_DIGITS - 1}}}(?:[{LETTERS}]|$)", "{{1,{MIN_PART_DIGITS + 9}}}(?:[{LETTERS}]|$)"),
    Mutant("a first part in a region without trunk 0", "dirty/rejects.py", "has_trunk[is_worded] & matches(", "matches("),
    Mutant("a count behind a number beside an id", "dirty/rejects.py", ", unless=_LAST_SHORT_GROUP", ""),
    Mutant("a first part that is long", "dirty/rejects.py", "[0-9]){0,5}[^0-9+;|,]*[;|,]", "[0-9]){0,9}[^0-9+;|,]*[;|,]"),
    Mutant("a first part with a trunk 0", "dirty/rejects.py", "^[^0-9+(;|,]*[1-9](?:", "^[^0-9+(;|,]*[0-9](?:"),
    Mutant("a word behind all parts", "dirty/rejects.py", "matches(cells, _WORDED, _ENDS, unless", "matches(cells, _WORDED, unless"),
    Mutant("a day that is a part", "dirty/rejects.py", r"(?:^|[^0-9])(?:{DAY}|{MONTH}[\-./]{YEAR})(?:[^0-9]|$)|[0-9]", "[0-9]"),
    Mutant("a short day that is a part", "dirty/rejects.py", r"|[0-9]\.[0-9]{{1,2}}\.(?:[\s,]|$)", ""),
    Mutant("a count that ends a part", "dirty/rejects.py", "|[0-9] +{_PART}{{4}}[{LETTERS}][^0-9]*[0-9]|", "|"),
    Mutant("a number that begins within a part", "dirty/rejects.py", "    is_short &= ~matches(some, _BEGINS_WITHIN)\n", ""),
    Mutant("more groups than rules try", "dirty/rejects.py", "|(?:[0-9]+[^0-9]+){{{MOST_GROUPS}}}[0-9]", ""),
    Mutant("an extension behind marks", "dirty/among_words.py", r"|^[^0-9]*\)[^0-9]*#(?:[^0-9]*[0-9]){1,6}[^0-9]*$", ""),
    Mutant("an address behind a reference", "dirty/among_words.py", "REFERRED, unless=_ADDRESS", "REFERRED"),
    Mutant("a word that names something else", "dirty/among_words.py", "    is_referred[is_referred] = say(labels.is_reference, cells.filter(pa.array(is_referred)))\n", ""),
    Mutant("something else than a telephone", "ways/one_number.py", "    is_sure[is_sure] = ~may_be_of_other_things(*(each.filter(pa.array(is_sure)) for each in (plain, numbers)))\n", ""),
    Mutant("a clear number of something else", "ways/refusals_by_shape.py", "referred(plain), cells, phone_batches.is_clear_number)", "referred(plain), cells, phone_batches.is_number)"),
    # digits: which cells are plain
    Mutant("unknown signs are not plain", "fast/digits.py", "harmful: Mask = kinds == _OTHER", "harmful: Mask = kinds > _OTHER"),
    Mutant("a plus inside", "fast/digits.py", "(kinds == _PLUS_SIGN) & ~leads", "(kinds == _PLUS_SIGN) & leads & ~leads"),
    Mutant("a minus before", "fast/digits.py", 'is_dash & (leads | follows_blank)', 'is_dash & follows_blank'),
    Mutant("a dash after a blank", "fast/digits.py", 'is_dash & (leads | follows_blank)', 'is_dash & leads'),
    Mutant("a dash after all", "fast/digits.py", "harmful |= is_dash & trails", "pass"),
    Mutant("masked digits", "fast/digits.py", "harmful[1:] |= is_line[1:]", "harmful[1:] |= False & is_line[1:]"),
    Mutant("a fraction", "fast/digits.py", "signs.counts(kinds == _DOT, cells) == 1", "signs.counts(kinds == _DOT, cells) == 99"),
    Mutant("the tail of a range", "fast/digits.py", "(difference >= 1) & (difference <= 9)", "(difference >= 1) & (difference <= 0)"),
    Mutant("a range of nine", "fast/digits.py", "(difference <= 9)", "(difference <= 8)"),
    Mutant("a range of one", "fast/digits.py", "(difference >= 1)", "(difference >= 2)"),
    Mutant("a long tail", "fast/digits.py", "tails[tails > 4] = 0", "tails[tails > 2] = 0"),
    Mutant("too many digits", "fast/digits.py", "(count > 0) & (count <= MOST_DIGITS)", "(count > 0) & (count <= 99)"),
    Mutant("digits over the margin", "fast/digits.py", "if count.max(initial=0) > room:", "if False:"),
    Mutant("slices", "fast/digits.py", "cells.offset * 4", "0"),
    Mutant("unbroken digits", "fast/digits.py", "is_plain & (count + has_plus == lengths)", "is_plain & (count + has_plus <= lengths)"),
    Mutant("a dot before or after all", "fast/digits.py", '(leads | trails | follows_blank)[dots]', 'follows_blank[dots]'),
    Mutant("a blank after a dot", "fast/digits.py", '(behind[dots] == ord(" "))', 'follows_blank[dots]'),
    Mutant("a date", "fast/digits.py", "(lines == 2) & (count <= 8)", "(lines == 2) & (count <= 4)"),
    Mutant("a month", "fast/digits.py", "(lines == 1) & (count <= 6)", "(lines == 1) & (count <= 4)"),
    Mutant("a bracket that opens late", "fast/digits.py", ">= np.where(has_plus[rows_opened], 6, 4)", ">= 99"),
    Mutant("a count in brackets", "fast/digits.py", "restart = np.maximum(restart, counted)", "pass"),
    Mutant("a count before a bracket", "fast/digits.py", "before * ((before <= 2) & (kind[opens - 1] == _DASH))", "0"),
    Mutant("a day in brackets", "fast/digits.py", ' | (behind[dots] == ord(")"))', ''),
    Mutant("hours with dots", "fast/digits.py", "is_unclear[_rows_with_hours(signs)] = True", "pass"),
    Mutant("a place", "fast/digits.py", "is_unclear[_rows_of_places(signs, seen)] = True", "pass"),
    Mutant("00 behind a bracket and a sign", "fast/digits.py", "(zero == 0) & (next_digit <= 1)", "(zero == 0) & (next_digit > 9)"),
    Mutant("the same number without its count", "fast/fast_path.py", " & (rest.begin + digits.restart[rows] == reading.begin[rows])", ""),
    Mutant("its own country behind an international prefix", "fast/fast_path.py", "reading.is_sure[where[is_at_home & (head[where] >= 1000)", "reading.is_sure[where[is_at_home & (head[where] > 9999)"),
    Mutant("two numbers of another region of the code", "fast/lookups.py", "for region in metadata_by_region(territory))", "for region in (COUNTRIES[territory],))"),
    Mutant("several restarts", "fast/digits.py", "minlength=len(count)) > 1", "minlength=len(count)) > 9"),
    Mutant("a date beside a number", "fast/digits.py", "is_unclear[_rows_with_dates(signs, begins, ends)] = True", "pass"),
    Mutant("last noughts", "fast/digits.py", "for more in (hours, zeros, ", "for more in (hours, "),
    Mutant("a plus before a bracket", "fast/digits.py", "is_unclear[rows_opened[is_first & has_plus[rows_opened]]] = True", "pass"),
    Mutant("brackets that do not open and close in turn", "fast/digits.py", "is_unclear[_rows_of_odd_brackets(signs)] = True", "pass"),
    Mutant("few digits behind a plus", "fast/fast_path.py", "Fault.TOO_SHORT\n        return plus", "Fault.INVALID_NUMBER\n        return plus"),
    Mutant("two numbers without trunk 0", "fast/fast_path.py", "digits.is_unbroken | ~reading.is_number | ~may_be_two", "True"),
    Mutant("a restart after a count", "fast/digits.py", "(begins_bare | (before >= LEAST_RESTART))", "(before >= LEAST_RESTART)"),
    Mutant("a restart of five digits", "fast/digits.py", "LEAST_RESTART = 5", "LEAST_RESTART = 6"),
    Mutant("a restart after a number", "fast/digits.py", "(begins_bare | (before >= LEAST_RESTART))", "begins_bare"),
    Mutant("lone digits at the end", "fast/digits.py", "is_plain[_end_in_lone_digits(kind, begins, ends)] = False", "pass"),
    Mutant("a blank behind dashes", "fast/digits.py", "is_unclear[_rows_parted_behind_dashes(signs, ends, seen)] = True", "pass"),
    Mutant("a day and month", "fast/digits.py", "are_hours |= is_two & (one < _BLANK)", "are_hours |= is_two & (one > _BLANK)"),
    Mutant("00 for a plus", "fast/fast_path.py", "| (head >= 100) | (idd == 2)", "| True"),
    # fast: the steps of parse
    Mutant("restarts are left", "fast/fast_path.py", "self._leave_restarts(reading, digits, regions, column)", "pass"),
    Mutant("ranges are left", "fast/fast_path.py", "self._leave_ranges(reading, digits, regions, column)", "pass"),
    Mutant(
        "ambiguous ranges are left", "fast/fast_path.py", "(digits.tail > 0) & (reading.is_number | (reading.fault == Fault.AMBIGUOUS_INTERNATIONAL))", "(digits.tail > 0) & reading.is_number"
    ),
    Mutant(
        "ambiguous restarts are left", "fast/fast_path.py", "(digits.restart > 0) & (reading.is_number | (reading.fault == Fault.AMBIGUOUS_INTERNATIONAL))", "(digits.restart > 0) & reading.is_number"
    ),
    Mutant("rejected with separators", "fast/fast_path.py", "reading.is_sure[is_rejected & ~digits.is_unbroken] = False", "pass"),
    Mutant("line types that own no account", "fast/fast_path.py", "reading.fault[excluded] = Fault.LINE_TYPE_EXCLUDED", "pass"),
    Mutant("a rejected phone has no country", "fast/fast_path.py", "reading.country[unknown], reading.line_type[unknown] = NONE, NONE", "pass"),
    Mutant("plus and prefix", "fast/fast_path.py", "plus.is_sure &= (plus.territory != NO_TERRITORY) | (idd == 0)", "pass"),
    Mutant("over-long after a plus", "fast/fast_path.py", "plus.fault[(plus.fault != NONE) & (digits.count[rows] > MAX_E164_DIGITS)] = Fault.TOO_LONG", "pass"),
    Mutant("00 without a region", "fast/fast_path.py", "begin = np.where(head[abroad] < 100, 2, 0)", "begin = np.where(head[abroad] < 0, 2, 0)"),
    Mutant("few digits without a region", "fast/fast_path.py", "(count[where] > MAX_EMERGENCY_DIGITS)", "(count[where] > 2)"),
    Mutant("many digits without a region", "fast/fast_path.py", "reading.reject(here[count[here] > MAX_E164_DIGITS], Fault.TOO_LONG)", "pass"),
    Mutant("a 0 after the international prefix", "fast/fast_path.py", "(_digit(digits, rows, np.maximum(idd, 0)) != 0)", "(idd < 99)"),
    Mutant("emergency numbers of a region", "fast/fast_path.py", "& ~may_be_emergency &", "&"),
    Mutant("a bracket that nothing closes", "fast/digits.py", "(kinds == before) | (is_last & (kinds == _OPEN))", "kinds == before"),
    Mutant("a bracket in another", "fast/digits.py", "(kinds == before) |", "(is_first & (kinds == before)) |"),
    Mutant("a year of four digits behind a day", "fast/digits.py", "behind += 2 * (", "behind += 0 * ("),
    Mutant("a 0 behind a lone 0", "fast/fast_path.py", "~is_same | (_digit(digits, rows, 1) == 0)", "~is_same"),
    Mutant("a flag among words", "dirty/rejects.py", "|{MAY_BE_FLAG}", ""),
    Mutant("few digits", "fast/fast_path.py", "(count >= HEAD_DIGITS)", "(count >= 2)"),
    Mutant("a prefix that needs more digits", "fast/fast_path.py", "& (idd != MAYBE)\n", "\n"),
    Mutant("bare digits only", "fast/fast_path.py", "self.lookups.is_bare[regions, head] & matters", "matters"),
    Mutant("a national column", "fast/fast_path.py", "column != Says.NATIONAL, column", "column != Says.NOTHING, column"),
    Mutant("an international column", "fast/fast_path.py", "abroad = other & (says == Says.INTERNATIONAL)", "abroad = other & (says == Says.NATIONAL)"),
    Mutant("groups in an international column", "fast/fast_path.py", "is_sure &= ~abroad | ~national.is_number", "is_sure &= True | ~abroad"),
    Mutant("a mobile at home", "fast/fast_path.py", "& ~_CAN_BE_MOBILE[international.line_type]", ""),
    Mutant("two readings of one country", "fast/fast_path.py", "prefers_home &= ", "_ = "),
    Mutant("a number without its lone 0", "fast/fast_path.py", "self._leave_lone_zeros(reading, digits, regions, column)", "pass"),
    Mutant("a dash before a blank", "fast/digits.py", 'harmful |= is_dash & (behind == ord(" "))', 'pass'),
    Mutant("a 0 that stands alone", "fast/fast_path.py", "reading.is_sure &= (digits.lone_zero == 0)", "reading.is_sure &= (digits.lone_zero >= 0)"),
    Mutant("a mobile abroad", "fast/fast_path.py", "national.is_number & _CAN_BE_MOBILE[national.line_type] &", "national.is_number &"),
    Mutant("read abroad already", "fast/fast_path.py", " & (chosen.begin == begin))", ")"),
    Mutant("both readings sure", "fast/fast_path.py", "chosen.is_sure[bare] = is_sure", "pass"),
    Mutant("few digits abroad", "fast/fast_path.py", "reading.is_sure &= digits.count[rows] - begin >= HEAD_DIGITS", "pass"),
    Mutant("its own code goes only where it must", "fast/fast_path.py", "(~facts.is_general[state[own]] & facts.is_general[rest])", "facts.is_general[rest]"),
    Mutant("its own code goes where it fits", "fast/fast_path.py", "(~facts.is_general[state[own]] & facts.is_general[rest])", "~facts.is_general[state[own]]"),
    Mutant("its own code goes where it is too long", "fast/fast_path.py", "lookups.fit[territory[own], digits.count[rows[own]]] == Fault.TOO_LONG", "lookups.fit[territory[own], digits.count[rows[own]]] == 99"),
    Mutant("its own code, then the main region", "fast/fast_path.py", "rows[own[drops]], main[own[drops]]", "rows[own[drops]], territory[own[drops]]"),
    Mutant("its own code and a prefix", "fast/fast_path.py", "reading.is_sure[own[facts.has_prefix[rest] | facts.has_other_prefix[rest]]] = False", "pass"),
    Mutant("not compiled, not sure", "fast/fast_path.py", "is_sure = is_ready & ~facts", "is_sure = ~facts"),
    Mutant("a walk stays in its cell", "fast/fast_path.py", "MOST_STEPS = 18", "MOST_STEPS = 99"),
    Mutant("numbers of eighteen digits", "fast/fast_path.py", "MOST_STEPS = 18", "MOST_STEPS = 12"),
    Mutant("the main region is compiled, too", "fast/fast_path.py", " & self.compiled.is_ready[self.lookups.main_territory]", ""),
    Mutant("other prefixes", "fast/fast_path.py", " & ~facts.has_other_prefix[state]", " & True"),
    Mutant("a prefix stays where the rest is not general", "fast/fast_path.py", "(~facts.is_general[state[prefixed]] | facts.is_general[rest])", "True"),
    Mutant("a prefix goes where the whole is not general", "fast/fast_path.py", "(~facts.is_general[state[prefixed]] | facts.is_general[rest])", "facts.is_general[rest]"),
    Mutant("a prefix goes where the rest fits", "fast/fast_path.py", "& (fit == FITS)\n", "\n"),
    Mutant("more than fifteen digits", "fast/fast_path.py", "lookups.code_length[territory] + length > MAX_E164_DIGITS, Fault.TOO_LONG", "length > 99, Fault.TOO_LONG"),
    Mutant("the main region's lengths", "fast/fast_path.py", "lookups.fit[lookups.main_territory[territory], length]", "lookups.fit[territory, length]"),
    Mutant("walks go on after three digits", "fast/fast_path.py", "for _ in range(3, steps):", "for _ in range(3, steps - 1):"),
    # votes
    Mutant("a vote needs a sure abroad", "fast/fast_path.py", "says[rows[national.is_number & international.is_sure & ", "says[rows[national.is_number & "),
    Mutant("both valid is no vote", "fast/fast_path.py", "international.is_number & national.is_sure & ~national.is_number", "international.is_number & national.is_sure"),
    # territories, lookups, patterns: phonenumbers' metadata
    Mutant("a region's general description", "fast/territories.py", 'if ("region_general", region) not in complete:', "if False:"),
    Mutant("leading digits that match", "fast/territories.py", '("leading", region) in complete or', "False or"),
    Mutant("leading digits that do not", "fast/territories.py", "(region not in leads and line_type >= 0)", "line_type >= 0"),
    Mutant("the order of types", "fast/territories.py", "for name in _SPECIAL_TYPES:", "for name in reversed(_SPECIAL_TYPES):"),
    Mutant("fixed and mobile", "fast/territories.py", "if fixed and mobile:", "if False:"),
    Mutant("a prefix that goes without a trace", "fast/territories.py", "match is not None and (not metadata.national_prefix_transform_rule or match[match.re.groups] is None)", "True"),
    Mutant("longer prefixes", "fast/territories.py", "then(one_of(mask & ~_mask_of(plain[:1])), then(more, ANYTHING))", "NEVER"),
    Mutant("carrier codes after the prefix", "fast/territories.py", "_others(after(rest, int(plain[0])), plain[1:], True)", "NEVER"),
    Mutant("local numbers", "fast/territories.py", "return plain, either(_others(prefix, plain), whole)", "return plain, _others(prefix, plain)"),
    Mutant("patterns within their lengths", "fast/patterns.py", 'if token.endswith(",}"):', "if False:"),
    Mutant("lengths of all regions of a code", "fast/lookups.py", "for each in everywhere for length", "for each in [*everywhere][:1] for length"),
    Mutant("a prefix may make a number fit", "fast/lookups.py", "~(fits | np.roll(fits, len(plain)))", "~fits"),
    Mutant("odd prefixes may make a number fit", "fast/lookups.py", "if other is NEVER:", "if True:"),
    Mutant("no number by its length", "fast/fast_path.py", "may = ~never", "may = never | ~never"),
    Mutant("local lengths are too short", "fast/lookups.py", "length in local or ", ""),
    Mutant("lengths between", "fast/lookups.py", "return FITS if length in possible else Fault.INVALID_NUMBER", "return FITS"),
    Mutant("the national prefix is not bare", "fast/lookups.py", "if metadata.national_prefix:", "if False:"),
    Mutant("an international prefix is not bare", "fast/lookups.py", "self.is_bare[territory] = self.idd_length[territory] == 0", "self.is_bare[territory] = True"),
    Mutant("prefixes that need more digits", "fast/lookups.py", "row[_heads_with(head)] = MAYBE", "row[_heads_with(head)] = 0"),
    Mutant("emergency lengths", "fast/lookups.py", "length <= MAX_EMERGENCY_DIGITS]] = True", "length <= MAX_EMERGENCY_DIGITS]] = False"),
    # reading: what is written
    Mutant("the calling code", "fast/readings.py", "code[has_place] // 10**place % 10", "code[has_place] // 10**place % 9"),
    Mutant("null where it is no number", "fast/readings.py", 'np.packbits(is_number, bitorder="little")', 'np.packbits(is_number | True, bitorder="little")'),
    # dirty: which shapes may be undressed
    Mutant("bare digits beside words", "dirty/parts.py", "(?:\\+[0-9]|0|\\([0-9]+\\))[0-9 ()", "[+(]?[0-9][0-9 ()"),
    Mutant("something else's number", "ways/one_number.py", " | are_references(named, numbers.filter(pa.array(is_named)), beside_others)", ""),
    Mutant("a fraction of noughts only", "dirty/undress.py", "{_APOSTROPHES})[.,]0$", "{_APOSTROPHES})[.,]0[0-9]?$"),
    Mutant("thousands in two groups at least", "dirty/undress.py", "[0-9]{{3}}){{2,}}", "[0-9]{{3}}){{1,}}"),
    Mutant("a single point may begin a fraction", "dirty/undress.py", "(?:\\.[0-9 ()\\-]*\\.[0-9 ().\\-]*)?[0-9)])?)", "[0-9 ().\\-]*[0-9)])?)"),
    Mutant("no digit is padded", "dirty/undress.py", "[eE]\\+?{places:02}", "[eE]\\+?[0-9]{{2}}"),
    Mutant("a count behind a label", "dirty/undress.py", "^{_LABELLED}(?:{WHOLE})$", "^{_LABELLED}(?:{CORE})$"),
    Mutant("so many digits that none is a number", "dirty/undress.py", "_OF_TWO = 44", "_OF_TWO = 20"),
    Mutant("over-long as it came", "dirty/undress.py", "cells.take(pa.array(may_be))).to_numpy() > decorations.MAX_CELL_LENGTH", "cells.take(pa.array(may_be))).to_numpy() > 10**6"),
    Mutant("cells are translated apart", "dirty/undress.py", "if len(plain) != len(texts):", "if False:"),
    # dirty: cells of several numbers
    Mutant("parts of seven digits", "dirty/parts.py", "(counts >= MIN_PART_DIGITS) & ", ""),
    Mutant("every part a number", "ways/cells.py", "are_whole[of_cell[~is_sure]] = False", "pass"),
    Mutant("parts that lack a beginning", "dirty/parts.py", "(begins | (counts >= longest[of_list]))", "True"),
    Mutant("parts of bare digits after one with a 0", "dirty/parts.py", "of_list, counts + begins)", "of_list, counts)"),
    Mutant("parts that lack the beginning of another than the first", "dirty/parts.py", "np.maximum.at(longest, of_list, counts + begins)", "longest[of_list[::-1]] = (counts + begins)[::-1]"),
    Mutant("a scheme between marks", "dirty/parts.py", ", _PLAIN, unless=_SCHEME)", ", _PLAIN)"),
    Mutant("signs of an address between marks", "dirty/parts.py", ", _PLAIN, unless=_SCHEME)", ', "", unless=_SCHEME)'),
    Mutant("a wide gap behind a code", "dirty/parts.py", r"|[0-9)]\s+\+[0-9]{{1,3}}  ", ""),
    Mutant("an exponent in the next line", "dirty/cleared.py", r"|^[+\-]?[0-9.,]+\s*e\s*\+?-?[0-9]", r"|^[+\-]?[0-9.,]+ *e *\+?-?[0-9]"),
    Mutant("an exponent with two signs", "dirty/cleared.py", r"e\s*\+?-?[0-9]", r"e\s*[+\-]?[0-9]"),
    Mutant("semicolons and bars cut before lines", "dirty/parts.py", 'is_left = ~matches(cut, ";")', 'is_left = ~matches(cut, "~")'),
    Mutant("a plus that parts no numbers", "dirty/parts.py", r"(?:0[1-9]|\+))", r"(?:[0-9]|\+))"),
    Mutant("a sign behind an area code and between numbers", "dirty/parts.py", 'f"{_JOINED}|{_SIGN_AND_AREA}"', "_JOINED"),
    Mutant("an area code that is a number", "ways/one_number.py", "    is_sure &= ~may_end_at_area(asker, cells, marked)\n", ""),
    Mutant("a few digits behind an area code's mark", "dirty/undress.py", "([0-9](?: ?[0-9]){{4}})", "([0-9])"),
    Mutant("a scheme before a count", "dirty/beside.py", "{LETTERS_LIKE_DIGITS}|(?i:{SCHEMES})", "{LETTERS_LIKE_DIGITS}"),
    Mutant("words that join another thing's number", "dirty/rejects.py", ", _OTHER_THING, unless=_JOINS)", ", _OTHER_THING)"),
    Mutant("a telephone beside another thing's number", "dirty/rejects.py", "    is_other_thing[is_other_thing] = say(labels.says_no_telephone, some.filter(pa.array(is_other_thing)))\n", ""),
    Mutant("a scheme in an address", "dirty/cleared.py", "(?:[0-9@]|{SCHEMES})|@", "[0-9@]|@"),
    Mutant("thousands with apostrophes", "../text/digit_runs.py", "{{1,3}}(?:[,'][0-9]{{3}}){{1,6}}", "{{1,3}}(?:,[0-9]{{3}}){{1,6}}"),
    Mutant("a joining word that is a country's code", "dirty/parts.py", "| (?:{_MAY_JOIN}) ", ""),
    Mutant("joining words part first", "dirty/parts.py", 'f"{_JOINED}|{_SIGN_AND_AREA}"', "_SIGN_AND_AREA"),
    Mutant("each part's country is sure", "phone_batches.py", "return is_number(phones) & ~is_ambiguous(phones)", "return is_number(phones)"),
    # dirty: numbers that a blank parts
    Mutant("a count before two numbers", "dirty/blanks.py", "(?:[+0][0-9]*|", "(?:[+0-9][0-9]*|"),
    Mutant("the first number can end nowhere else", "ways/several_numbers.py", "(is_sure & ~phone_batches.is_number(read)).reshape(len(ends), -1).all(axis=0)", "(is_sure | True).reshape(len(ends), -1).all(axis=0)"),
    Mutant("one place parts two numbers", "dirty/blanks.py", "parted.value_lengths().to_numpy() == 2", "parted.value_lengths().to_numpy() >= 2"),
    Mutant("none for sure", "ways/several_numbers.py", "(is_only | is_none[4] | is_none[5] | ends_elsewhere)", "True"),
    # dirty: what is no number
    Mutant("few digits may be an emergency number", "dirty/few.py", "return may_be_emergency(cells, regions) | may_name", "return may_name"),
    Mutant("few digits may be a number of another country", "dirty/few.py", "return may_be_emergency(cells, regions) | may_name", "return may_be_emergency(cells, regions)"),
    Mutant("a flag beside few digits", "dirty/few.py", " | matches(longer, MAY_BE_FLAG)", ""),
    Mutant("a flag beside digits", "ways/refusals_by_runs.py", " | matches(words, MAY_BE_FLAG)", ""),
    Mutant("few digits of each region", "dirty/few.py", "(digits < fewest_of(regions))", "(digits < fewest_of(regions).max())"),
    Mutant("what says nothing", "dirty/rejects.py", "_EMPTY_WORDS).to_numpy", "_EMPTY_WORDS[:0]).to_numpy"),
    Mutant("a chat link without a number", "dirty/rejects.py", "_WORDS, unless=_MAY_BE_MORE)", "_WORDS)"),
    Mutant("an error of a spreadsheet", "dirty/rejects.py", "matches(cells, _NO_DIGITS, unless=_MAY_BE_ERROR)", "matches(cells, _NO_DIGITS)"),
    Mutant("a flag is a country", "dirty/rejects.py", "says_nothing & ~matches(words, MAY_BE_FLAG)", "says_nothing"),
    Mutant("an address in a tag", "dirty/rejects.py", "matches(cells, _NO_DIGITS_BESIDE_AT, unless=_TAG_OR_CHAT)", "matches(cells, _NO_DIGITS_BESIDE_AT)"),
    Mutant("a sign that goes with an address", "dirty/rejects.py", r"|@.*//|@.*www\.|//.*@|www\..*@", ""),
    Mutant("a message in an address", "dirty/rejects.py", "|[?&](?:body|text)=", ""),
    Mutant("letters that fold to two", "dirty/rejects.py", "\\x{c0}-\\x{de}\\x{e0}-", "\\x{c0}-"),
    Mutant("extensions glued", "dirty/rejects.py", "    is_within[is_within] = ~matches(within.filter(pa.array(is_within)), _MAY_BE_GLUED)\n", ""),
    Mutant("digits that a last word takes", "dirty/rejects.py", "matches(within, _GLUED_WITHIN, unless=_TAKES_DIGITS)", "matches(within, _GLUED_WITHIN)"),
    Mutant("hours glued to letters", "dirty/rejects.py", "    is_sure[is_sure] = ~_may_go(cells.filter(pa.array(is_sure)))\n", ""),
    Mutant("an escaped blank behind no number", "dirty/rejects.py", "|whatsapp|&[a-z]+;\"\n# Without tags", "|whatsapp\"\n# Without tags"),
    Mutant("a page beside glued letters", "dirty/rejects.py", "//|{_AT_PAGE}|wa", "//|wa"),
    Mutant("a page glued to few digits", "dirty/rejects.py", "return has_few | matches(cells, _MAY_GO)", "return matches(cells, _MAY_GO)"),
    Mutant("a scheme glued behind few digits", "dirty/rejects.py", "(?:;|{_SCHEMED})", ";"),
    Mutant("a spreadsheet's error before digits", "dirty/rejects.py", "(?i)^#.*[!?]|", "(?i)"),
    Mutant("an extension of three digits, glued", "dirty/rejects.py", "[0-9]{{1,7}} *(?:", "[0-9]{{1,2}} *(?:"),
    Mutant("a mark behind an extension, glued", "dirty/rejects.py", "[0-9]{{1,7}} *(?:[^0-9 ]|$)", "[0-9]{{1,7}}(?:[^0-9 ]|$)"),
    Mutant("a bracket behind the last digit", "dirty/rejects.py", '[{LETTERS}][{LETTERS}{_SIGNS}(]*$"', '[{LETTERS}][{LETTERS}{_SIGNS}()]*$"'),
    Mutant("numbers that are counted", "dirty/rejects.py", "(?:[0-9][ ,/]*|", "(?:[0-9]{_GAP}|"),
    Mutant("a day behind the last word", "dirty/rejects.py", "[^0-9]*{_DAY_BEHIND}$", "[^0-9]*$"),
    Mutant("a last word takes a few digits", "dirty/rejects.py", "matches(some, behind, unless=_WORD_BEHIND)", "matches(some, behind)"),
    Mutant("a short number of a country beside others", "dirty/rejects.py", "if fewest > FEWEST:", "if False:"),
    Mutant("few digits of all regions", "ways/refusals_by_shape.py", "    fewest = int(fewest_of(cells.regions).min())", "    fewest = int(fewest_of(cells.regions).max())"),
    Mutant("an extension of few digits", "dirty/rejects.py", "(matches(some, _EXTENSION) | _may_go(some))", "_may_go(some)"),
    Mutant("hours among words", "dirty/rejects.py", "(matches(some, _EXTENSION) | _may_go(some))", "matches(some, _EXTENSION)"),
    Mutant("a label glued to digits behind a word", "dirty/rejects.py", "words[-1:].isalpha() and not is_label", "words[-1:].isalpha()"),
    Mutant("a word that a comma cuts from digits", "dirty/rejects.py", "np.where(is_one, stay, are_apart)", "stay"),
    Mutant("words that go once those in brackets are gone", "dirty/rejects.py", " and _stay(text, labels.bracketed_words, labels.leading_words)", ""),
    Mutant("words that go, as those in brackets do not", "dirty/rejects.py", "_stay(text, labels.leading_words) and ", ""),
    Mutant("a flag before digits", "dirty/rejects.py", 'rf"{MAY_BE_FLAG}|(?i:item', 'rf"(?i:item'),
    Mutant("a minus before a number", "dirty/among_words.py", "^[^0-9]*-[1-9]|", ""),
    Mutant("an error of Excel's in digits", "dirty/among_words.py", "|[#{SYMBOL}][{LETTERS}0-9/_]+[!?]", ""),
    Mutant("a flag among marks", "dirty/among_words.py", '|{MAY_BE_FLAG}"', '"'),
    Mutant("a picture that becomes an error of Excel's", "dirty/among_words.py", "|[#{SYMBOL}][{LETTERS}", "|#[{LETTERS}"),
    Mutant("an address before digits", "dirty/rejects.py", "are_apart) & ~matches(cells, _MAY_LEAD)", "are_apart)"),
    Mutant("an item before digits", "dirty/rejects.py", "(?i:item[0-9]|&", "(?i:&"),
    Mutant("a word before digits that are no number", "ways/refusals_by_shape.py", "if_number[if_number] = is_sure & phone_batches", "if_number[if_number] = True | phone_batches"),
    Mutant("few digits behind a word", "ways/refusals_by_shape.py", "(is_led & is_long) | if_number", "is_led | if_number"),
    Mutant("a mask before a word", "dirty/rejects.py", r"|[0-9)](?:[*?#]|\.\.|--)[^0-9]*[{LETTERS}]", ""),
    Mutant("a sum", "ways/refusals_by_runs.py", "matches(plain, UNLESS) | matches(plain, MAY_BE_AMOUNT_OR_BOOK, AMOUNT_OR_BOOK)", "matches(plain, UNLESS)"),
    # dirty: runs of digits
    Mutant("a shape that hides digits or drops some", "ways/refusals_by_runs.py", "matches(plain, UNLESS) | matches(", "matches("),
    Mutant("an emergency number in parts", "ways/refusals_by_runs.py", "is_other[is_few] |= may_be_emergency", "is_other[is_few] &= may_be_emergency"),
    Mutant("digits of one stretch", "dirty/runs.py", "parting[first[1:]] > parting[last[:-1]]", "parting[first[1:]] >= parting[last[:-1]]"),
    Mutant("bracketed words go", "dirty/runs.py", "if _CLOSING[data].any():", "if False:"),
    Mutant("too many groups to look at", "ways/refusals_by_runs.py", " & ~groups.are_many(fewest)", ""),
    Mutant("a reason of several stretches", "ways/refusals_by_runs.py", "groups.stretch_count() > 1", "groups.stretch_count() > 9"),
    Mutant("digits of an exponent are kept", "dirty/rejects.py", "{{1,{places - 1}}}", "{{1,{places}}}"),
    Mutant("an extension that a bracket closes", "dirty/beside.py", "_EXTENSION, unless=CLOSED)", "_EXTENSION)"),
    Mutant("a year beside a price", "dirty/cleared.py", "has_long = matches(cells,", "has_long = matches(texts,"),
    Mutant("a price that may be a number", "dirty/cleared.py", "texts = pc.if_else(pa.array(has_long), NOTHING, texts)", "pass"),
    Mutant("a fraction beside what goes", "dirty/cleared.py", "pc.if_else(pa.array(matches(texts, _DECIMAL, unless=_LIST)), NOTHING, texts)", "texts"),
    Mutant("digits on both sides of what goes", "dirty/cleared.py", "    for _ in range(2):\n        texts = replaced", "    for _ in range(0):\n        texts = replaced"),
    Mutant("digits on both sides of two that go", "dirty/cleared.py", "    for _ in range(2):\n        texts = replaced", "    for _ in range(1):\n        texts = replaced"),
    Mutant("what a number of anything is", "dirty/undress.py", "IS[^A-Za-z]|{_NUMBERED}", "IS[^A-Za-z]"),
    Mutant("a code beside a number", "ways/several_numbers.py", 'matches(pc.ascii_trim(parts, " "), LIKE_CODES)', "False"),
    Mutant("few digits beside an address", "dirty/cleared.py", "pc.if_else(pa.array(is_left), left, NOTHING))", "left)"),
    Mutant("few digits beside what goes", "dirty/cleared.py", "pc.if_else(pa.array(is_left), left, some))", "left)"),
    Mutant("a link behind a moment", "ways/refusals_by_shape.py", "{CHAT_LINK}|", ""),
    Mutant("a place for a moment", "ways/refusals_by_shape.py", "|{MAY_BE_PLACE}", ""),
    Mutant("a place beside words", "dirty/rejects.py", "{MAY_BE_PLACE}|", ""),
    Mutant("a scheme behind few digits", "dirty/apart.py", "*{SCHEMES}", "*~"),
    Mutant("a place to clear", "dirty/cleared.py", "|{MAY_BE_PLACE}", ""),
    Mutant("a letter among a scheme's words", "dirty/undress.py", "(?:cell|work|home|voice|fax|pref|main|mobile|other)", "[a-z]+"),
    Mutant("brackets around a date", "fast/digits.py", "signs.counts(~_is_bracket(kinds), cells)", "signs.counts(kinds != _OTHER, cells)"),
    Mutant("octets", "fast/digits.py", "100 * hundreds + 10 * tens + ones <= 255", "100 * hundreds + 10 * tens + ones <= 99"),
    Mutant("what is around an address", "fast/digits.py", "is_whole = last - first + 1 == count[rows] + 3", "is_whole = count[rows] > 99"),
    Mutant("more goes than a lone 0", "fast/fast_path.py", "reading.begin == digits.lone_zero", "reading.begin >= digits.lone_zero"),
    Mutant("a lone 0 of a country's code", "fast/fast_path.py", "reading.is_sure[rows[is_of_code]] = False", "pass"),
    Mutant("a computer's address", "fast/digits.py", "is_unclear[_rows_of_addresses(signs, ends, seen, count)] = True", "pass"),
    Mutant("an octet", "fast/digits.py", "100 * hundreds + 10 * tens + ones <= 255", "100 * hundreds + 10 * tens + ones <= 199"),
    Mutant("a run with its plus", "dirty/runs.py", "pa.concat_arrays([runs, signed])", "pa.concat_arrays([runs, runs.filter(pa.array(has_plus))])"),
    Mutant("no run is a number", "ways/refusals_by_runs.py", "[~is_sure | phone_batches.is_clear_number(read)]", "[~is_sure]"),
    Mutant("a run in another country", "ways/refusals_by_runs.py", "is_other[may_name] = names_country(words, longest[may_name]) |", "is_other[may_name] ="),
    Mutant("no number but by all of a part that nobody is sure of", "ways/refusals_by_runs.py", "is_head & ~runs.is_whole &", "is_head & runs.is_whole &"),
    Mutant("a part that is a number or none", "ways/refusals_by_runs.py", "(is_none & ~is_either)", "is_none"),
    Mutant("letters between digits are the reason", "ways/refusals_by_runs.py", '(has_number | matches(plain, f"{BETWEEN_OR_ADDRESS}|{CURRENCY}"))', "True"),
    Mutant("a comma in quotes", "dirty/undress.py", r"[0-9 ().,\-]*[0-9 ().\-])?){QUOTE}*$", r"[0-9 ().,\-]*)?){QUOTE}*$"),
    Mutant("quotes around the first of several", "dirty/cleared.py", """'^"', rf"^{QUOTE}+""", """'^"', rf"^{QUOTE}{{9}}"""),
    Mutant("a number abroad behind a count", "ways/one_number.py", '((found.country == left.regions) | matches(numbers, r"^\\+")) & ', ""),
    Mutant("a long group in a file's code", "dirty/rejects.py", "(?:[0-9]{{1,4}}/)+", "(?:[0-9]{{1,9}}/)+"),
    Mutant("a last digit in a file's code", "dirty/rejects.py", "/)+[0-9]{{2,}}-", "/)+[0-9]+-"),
    Mutant("order numbers are no column from abroad", "votes.py", "MAJORITY * most, strays)", "MAJORITY * most)"),
    # dirty: what is beside a number
    Mutant("a count behind words", "ways/one_number.py", "has_count = is_read & matches(numbers, AFTER_COUNT)", "has_count = is_read & False"),
    Mutant("a trunk prefix in a column from abroad", "ways/one_number.py", "np.where(cells.says == Says.INTERNATIONAL, Says.INTERNATIONAL, Says.NATIONAL)", "np.full(len(numbers), Says.NATIONAL)"),
    Mutant("bare digits of no telephone beside others", "ways/one_number.py", "is_sure[is_sure] = ~may_be_codes(", "_ = ~may_be_codes("),
    Mutant("a code beside others", "dirty/among_words.py", "matches(numbers.filter(pa.array(may_be)), LIKE_CODES)", "False"),
    Mutant("a last digit behind dashes", "dirty/among_words.py", "|(?:-[0-9]{2,})+)$", "|(?:-[0-9]+)+)$"),
    Mutant("a last digit behind dots", "dirty/among_words.py", r"(?:(?:\.[0-9]{2,})+|", r"(?:(?:\.[0-9]+)+|"),
    Mutant("an area code behind digits", "dirty/undress.py", "(^|[^0-9) ]|[^0-9) ] )(?:({_AREA})", "(^|[^0-9])(?:({_AREA})"),
    Mutant("dates, ranges and last digits before words", "dirty/among_words.py", "pc.if_else(pa.array(matches(numbers, _UNCLEAR, unless=_ALIKE)), NOTHING, numbers)", "numbers"),
    Mutant("words that may be digits", "dirty/among_words.py", "{LETTERS_LIKE_DIGITS}|{_LETTER_BEFORE}", "{_LETTER_BEFORE}"),
    Mutant("words of a telephone's keys", "dirty/among_words.py", "|[A-Z]{{4,}}[^{LETTERS}0-9]*$", ""),
    Mutant("a mask among words", "dirty/among_words.py", "|[0-9)][^0-9]*(?:\\.\\.|--|- -)", ""),
    Mutant("a chat link in capitals before a number", "dirty/among_words.py", r"(?i:wa\.me|whatsapp\.com)", r"wa\.me"),
    Mutant("a word in place of an address", "dirty/cleared.py", "np.where(follows_digit, len(_IN_ITS_PLACE), 1)", "np.where(follows_digit, 1, 1)"),
    Mutant("a bracket before an address", "dirty/cleared.py", 'is_mail = (begins == starts) | (data[begins - 1] != ord(")"))', "is_mail = begins >= 0"),
    Mutant("a bracket behind an address", "dirty/cleared.py", "is_mail &= (behind == stops) | ", "is_mail |= (behind == stops) | "),
    Mutant("a digit and blanks before an address", "dirty/cleared.py", "last = last - is_blank", "last = starts - 1"),
    Mutant("brackets that close twice", "dirty/among_words.py", r"{CLOSED}|\)[^(]*\)", "{CLOSED}"),
    Mutant("a bracket with nothing but marks", "dirty/among_words.py", r"|\( *[^{LETTERS}0-9+( ]", ""),
    Mutant("a mask behind a bracket", "dirty/among_words.py", r"|\)[^?]*\?", ""),
    Mutant("a mask before a bracket", "dirty/among_words.py", r"|\?[^)]*\)", ""),
    Mutant("a bracket that does not close behind one", "dirty/among_words.py", r"|\)[^(]*\([^)]*$", ""),
    Mutant("two brackets that open", "dirty/among_words.py", r"|\([^)]*\(", ""),
    Mutant("a bracket that does not open before one", "dirty/among_words.py", r"|^[^(]*\)[^(]*\(", ""),
    Mutant("an address among words", "dirty/among_words.py", "|www\\.", ""),
    Mutant("a scheme among words", "dirty/among_words.py", "|(?i:{SCHEMES})", ""),
    Mutant("a number among words is whole", "dirty/among_words.py", "?({WHOLE_OR_COUNTED})|#", "?([+(]*[0-9][0-9 ().\\-]*[0-9])|#"),
    Mutant("a country among words", "dirty/countries_named.py", "not named <= {known[regions[place]]} and known[countries[place]] not in named", "False"),
    Mutant("two countries among words", "dirty/countries_named.py", "not named <= {known[regions[place]]} and", "known[regions[place]] not in named and"),
    Mutant("the number's own country", "dirty/countries_named.py", " and known[countries[place]] not in named", " and countries[place] == NONE"),
    Mutant("one country is named", "ways/one_number.py", "    if len(regions) == 1\n", ""),
    Mutant("a number at home beside another country", "ways/one_number.py", "cells, lambda read: ~phone_batches.is_number(read))", "cells)"),
    Mutant("a range beside another country", "dirty/among_words.py", '^\\(?[0-9]+\\)?[0-9 ]*$"', '^\\(?[0-9]+\\)?[0-9 \\-]*$"'),
    Mutant("numbers that are counted from one", "dirty/parts.py", "+2[.)] (?:{_LISTED})(?:", "+[23][.)] (?:{_LISTED})(?:"),
    Mutant("a count in a counted number", "dirty/parts.py", "\\)?(?: ?[0-9]+)*|", "\\)?(?:[ )]*[0-9]+)*|"),
    Mutant("a sum of six digits", "dirty/beside.py", "(?:[.']?[0-9]{{3}},[0-9]{{2}} [{LETTERS}]", "(?:(?:[.']?[0-9]{{3}})?,[0-9]{{2}} [{LETTERS}]"),
    Mutant("cents of a price", "dirty/cleared.py", "[;|/(]|[^0-9],){_SUM}", "[,;|/(]){_SUM}"),
    Mutant("digits before the comma of a sum", "ways/refusals_by_shape.py", '",.*", "")', '",.*", "9" * 9)'),
    Mutant("a number beside more digits", "ways/refusals_by_shape.py", "asker.read_as(numbers, cells, phone_batches.is_number)\n    texts", "asker.read_as(numbers, cells)\n    texts"),
    Mutant("a number and hours", "dirty/beside.py", '("-[0-9]+$", "")', '("x", "")'),
    Mutant("a second number begins", "dirty/beside.py", '(_FROM_RESTART, r"\\1\\2")', '("x", "")'),
    Mutant("a third number begins", "dirty/beside.py", "(?: 0[0-9]*{_GROUPS})?\"", "(?: 0[0-9]*{_GROUPS})*\""),
    Mutant("a count behind a #", "dirty/beside.py", "^#[0-9]{{3,6}}", "^#[0-9]{{1,6}}"),
    Mutant("a number behind a #", "dirty/beside.py", "^#[0-9]{{3,6}}", "^#[0-9]{{3,8}}"),
    Mutant("a plus behind an order", "dirty/beside.py", " (0[0-9]*{_ONE_RESTART})$", " ([+0][0-9]*{_ONE_RESTART})$"),
    Mutant("a number for an extension", "dirty/beside.py", "[ .:#]*[0-9]{{1,6}}", "[ .:#]*[0-9]{{1,8}}"),
    Mutant("a country's name", "dirty/countries_named.py", "may_name[of_cell[firsts[_are_begun(joined, _is_name)]]] = True", "pass"),
    Mutant("the first letters of a country's name", "dirty/countries_named.py", "return begins_name(first)\n", "return False\n"),
    Mutant("a country's name that begins with a short word", "dirty/countries_named.py", "numbers[~is_other] // _EACH_LETTER**place * _EACH_LETTER**place", "numbers[~is_other]"),
    Mutant("a country's name of several words", "dirty/countries_named.py", "for _ in range(LONGEST_NAME):", "for _ in range(1):"),
    Mutant("a country's code", "dirty/countries_named.py", "may_name[of_short[np.array([word.isupper() and word in codes for word in distinct], np.bool_)[which]]] = True", "pass"),
    Mutant("what looks like a code before a colon", "dirty/countries_named.py", "(?i)(?:{words})[^!-~]*:|", "(?i)"),
    Mutant("what looks like a code behind a bracket", "dirty/countries_named.py", r"|[(\[][^!-~]*(?:{words})", ""),
    Mutant("a country's code in small letters", "dirty/countries_named.py", "may_name[of_short[np.array([word in small for word in distinct])[which]]] = True", "pass"),
    Mutant("a country's code with marks between its letters", "dirty/countries_named.py", "may_name |= is_pointed", "pass"),
    Mutant("a sum that may be an emergency number", "ways/refusals_by_shape.py", "(reason, where & ~may_be)", "(reason, where)"),
    Mutant("a digit that begins a cell", "fast/digits.py", "is_kept[ends[:-1][ends[:-1] < len(data)]] = True", "pass"),
    Mutant("letters beyond ASCII", "dirty/undress.py", "_FIRST_OF_LETTERS = 0xC3", "_FIRST_OF_LETTERS = 0xE3"),
    Mutant("a label that may be digits", "dirty/undress.py", "(?:^|[^A-Za-z])IS[^A-Za-z]|", ""),
    Mutant("letters on keys", "dirty/beside.py", ', unless="[A-Z]{2}")', ")"),
    Mutant("few digits before the end of a range", "dirty/beside.py", "pa.array(digit_counts(numbers) >= MIN_PART_DIGITS)", "pa.array(digit_counts(numbers) > 0)"),
    Mutant("two numbers are no range", "dirty/beside.py", " < 2 * MIN_PART_DIGITS", " < 99"),
    Mutant("a count behind a number of several", "ways/several_numbers.py", "is_clear = ~(may_end_earlier(asker, several, parts) | ", "is_clear = ~("),
    Mutant("a count behind a number beside words", "ways/one_number.py", "    if beside_others:\n", "    if False:\n"),
    Mutant("a count behind a second number", "ways/several_numbers.py", "are_clear[are_clear] = ~may_end_earlier(asker, ", "are_clear[are_clear] |= ~may_end_earlier(asker, "),
    Mutant("a sign behind a last short group", "ways/one_number.py", 'matches(plain, "[^0-9]$")', 'matches(plain, f"[{LETTERS}][^0-9]*$")'),
    Mutant("an extension that is a number", "ways/one_number.py", "is_sure[may_be_two] = is_none & ~phone_batches.is_number(read)", "pass"),
    Mutant("a lone digit before a delimiter", "dirty/undress.py", '._replace(unless=" [0-9] ?[;,]$")', ""),
    Mutant("a bracket glued to a digit", "dirty/among_words.py", "{_UNOPENED}[0-9]{{2}}\\)|", ""),
    Mutant("a day behind a number", "ways/several_numbers.py", "are_two[are_two] = ~matches(plain.filter(pa.array(are_two)), HOLDS_DAY)", "pass"),
    Mutant("a bracket holds a country's code", "dirty/undress.py", "({_CODES})", "([0-9]{{1,3}})"),
    Mutant("a year before a short date", "dirty/blanks.py", " +[0-9]{1,2}\\.[0-9]{2}\\.", " +[0-9]+\\.[0-9]{2}\\."),
    Mutant("a post code beside a number", "dirty/parts.py", "|{_CODE})(?:", ")(?:"),
    Mutant("a bracket of one digit", "dirty/parts.py", "|{BRACKETED_AREA})\"", "|\\([0-9]+\\))\""),
    Mutant("a price of thousands with a blank", "dirty/cleared.py", "(?:0|[1-9][0-9]{{0,3}})\\s+[1-9]", "(?:0|[1-9][0-9]{{2,3}})\\s+[1-9]"),
    Mutant("a price of noughts with a blank", "dirty/cleared.py", "(?:0|[1-9][0-9]{{0,3}})\\s+[1-9]", "[1-9][0-9]{{0,3}}\\s+[1-9]"),
    Mutant("a range before its end", "ways/refusals_by_shape.py", "before_range(plain), cells, phone_batches.is_number)", "before_range(plain), cells)"),
    Mutant("a number with its last group", "ways/refusals_by_shape.py", "is_range[is_range] = is_sure & ~phone_batches.is_number(read)", "is_range[is_range] = is_sure"),
    Mutant("a flag before a number", "dirty/undress.py", "^{decorations.SYMBOL} +({WHOLE})", "^{decorations.SYMBOL}+ +({WHOLE})"),
    Mutant("digits that a word counts", "ways/one_number.py", "is_sure[places] &= is_none & ~phone_batches.is_number(read)", "pass"),
    Mutant("a count that may be a country's code", "dirty/beside.py", "map(str, COUNTRY_CODE_TO_REGION_CODE)", "()"),
    Mutant("a bracket's own digit", "dirty/beside.py", "[1-9][0-9]{0,3}\\\\)|", "[1-9][0-9]{0,4}\\\\)|"),
    Mutant("letters beside an unclear number", "ways/one_number.py", "is_sure[is_unclear] = ~matches(", "_ = ~matches("),
    Mutant("a count of an area code's length", "dirty/beside.py", "|[0-9]{{3}}[.)]*", ""),
    Mutant("a label counts nothing", "dirty/beside.py", "where[where] = ~say(", "_ = ~say("),
    Mutant("a count's digits are none of the number's", "ways/one_number.py", "pa.concat_arrays([runs, *ends])", "pa.concat_arrays([runs, *ends[:0]])"),
    Mutant("another number beside a count", "ways/one_number.py", "is_only[of_cell[~is_sure | phone_batches.is_number(read)]] = False", "pass"),
    Mutant("a country beside a count", "ways/one_number.py", "is_only[is_only] = ~names_another(named, left.regions[is_only], np.full(len(named), NONE))", "pass"),
    Mutant("all digits beside a count", "dirty/runs.py", "(begins_it & ~is_all_of_it) | is_whole)", "(begins_it & ~is_all_of_it))"),
    Mutant("a number that ends earlier", "dirty/runs.py", "((begins_it & ~is_all_of_it) | is_whole)", "is_whole"),
    Mutant("a count is no number", "dirty/runs.py", "kept |= (last < begin[of_cell]) | (first > end[of_cell])", "pass"),
    Mutant("a number is in it", "ways/several_numbers.py", "is_none[0] & holds_number & ", "is_none[0] & "),
    Mutant("a time behind a number", "ways/refusals_by_shape.py", "asker.read_as(before_time(plain), cells, phone_batches.is_clear_number)", "asker.read_as(before_time(plain), cells)"),
    Mutant("a first 0 that is a digit of the number", "phone_reader.py", "has_zero &= have_trunk_zero(regions)", "pass"),
    Mutant("a day before bare digits", "phone_reader.py", 'DIALLED = "^0[0-9 ]*$"', 'DIALLED = "^0"'),
    Mutant("a count behind the last number among words", "ways/one_number.py", "is_sure[is_last] = ~may_end_earlier(", "_ = ~may_end_earlier("),
    Mutant("more digits than any number, without signs", "fast/digits.py", "is_plain, no = (lengths > 0) & (lengths <= MOST_DIGITS)", "is_plain, no = (lengths > 0)"),
    Mutant("excluded numbers are compared, too", "phone_reader.py", "is_known = is_sure & (read.reason != phone_batches.EXCLUDED)", "is_known = is_sure"),
)  # fmt: skip


def main() -> int:
    """Run every mutant; 0 when each is noticed."""
    stale = stale_mutants()
    for mutant in stale:
        print(f"STALE     {mutant.file}: {mutant.guard}")
    with tempfile.TemporaryDirectory() as folder:
        copies: Queue[Path] = Queue()
        for number in range(WORKERS):
            copies.put(_copy(Path(folder) / str(number)))
        if not _passes(copies.queue[0]):
            print("the tests fail without any mutation")
            return 1
        with ThreadPoolExecutor(WORKERS) as executor:
            survived = [mutant for mutant in executor.map(lambda each: _try(each, copies), set_of(stale)) if mutant]
    print(f"{len(MUTANTS)} mutants, {len(survived)} survived, {len(stale)} stale")
    return 1 if survived or stale else 0


def stale_mutants() -> list[Mutant]:
    """Those whose line does not stand exactly once in its file."""
    return [mutant for mutant in MUTANTS if (ROOT / PHONES / mutant.file).read_text().count(mutant.old) != 1]


def set_of(stale: list[Mutant]) -> list[Mutant]:
    """Those that can be tried."""
    return [mutant for mutant in MUTANTS if mutant not in stale]


def _copy(folder: Path) -> Path:
    folder.mkdir()
    shutil.copytree(ROOT / "fbcheck_pipeline", folder / "fbcheck_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__", "integration", "bench"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _try(mutant: Mutant, copies: Queue[Path]) -> Mutant | None:
    copy, started = copies.get(), time.monotonic()
    target = copy / PHONES / mutant.file
    whole = target.read_text()
    try:
        target.write_text(whole.replace(mutant.old, mutant.new))
        survives = _passes(copy)
    finally:
        target.write_text(whole)
        copies.put(copy)
    print(
        f"{'SURVIVED' if survives else 'noticed'}  {time.monotonic() - started:4.1f} s  {mutant.file}: {mutant.guard}", flush=True
    )
    return mutant if survives else None


def _passes(copy: Path) -> bool:
    """True where all tests pass; a mutant that hangs is noticed, too."""
    command = [sys.executable, "-m", "pytest", TESTS, "-q", "-x", "-p", "no:cacheprovider", "--timeout", "60", "-o", "addopts="]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return (
        subprocess.run(
            [*command, "--import-mode=importlib"], cwd=copy, env=environment, capture_output=True, check=False
        ).returncode
        == 0
    )


if __name__ == "__main__":
    sys.exit(main())
