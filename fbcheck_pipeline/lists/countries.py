"""Does a column name countries? Only as good as a choice of columns needs: reading the region is the phones room's work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ISO3 = _set(
    """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR BLZ BMU
    BOL BRA BRB BRN BTN BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI
    DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC
    GRD GRL GTM GUF GUM GUY HKG HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM
    KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE
    MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PER PHL PLW PNG
    POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK
    SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR URY USA UZB VAT VCT VEN
    VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
    """
)
_OTHER_NAMES = _set("türkiye turkiye turkey usa u.s.a. u.s. uk u.k. uae england great britain deutschland holland czechia")


def country_share(cells: Iterable[str | None]) -> float:
    """Which part of the cells that are not blank names a country: ISO code, dialling code, or a name in any language."""
    said = [cell.strip() for cell in cells if cell and cell.strip()]
    return sum(map(_names_country, said)) / len(said) if said else 0.0


@cache
def _names_country(text: str) -> bool:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

    if text.upper() in SUPPORTED_REGIONS or text.upper() in _ISO3:
        return True
    if match := re.fullmatch(r"(?:\+|00)?(\d{1,4})(?:\.0)?", text):
        return int(match[1]) in COUNTRY_CODE_TO_REGION_CODE
    return len(text) <= 60 and (text.casefold() in _OTHER_NAMES or text.casefold() in _names())


@cache
def _names() -> frozenset[str]:
    """Countries in the languages of phonenumbers' own tables; loaded only for a column that may hold them."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    return frozenset(name.casefold() for names in LOCALE_DATA.values() for name in names.values() if not name.startswith("*"))
