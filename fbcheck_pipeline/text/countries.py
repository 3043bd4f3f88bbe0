"""Which region a country cell means: a name in the usual languages, an ISO code, a dialling code."""

# ruff: noqa: RUF001  names of other scripts are what this file is for

from __future__ import annotations

import re
import unicodedata
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS

# alpha-3 followed by alpha-2
_ALPHA3 = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE BENBJ BESBQ BFABF
BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BWABW CAFCF CANCA CCKCC CHECH CHLCL
CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK
DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH
GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HNDHN HRVHR HTIHT HUNHU IDNID IMNIM
INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW
LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG
NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS
PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS
STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN
TURTR TUVTV TWNTW TZATZ UGAUG UKRUA URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA
ZMBZM ZWEZW
"""

# What phonenumbers' own tables of names lack: everyday short forms, and Turkish.
_MORE_NAMES = """
US: america, united states of america, abd, amerika, amerika birleşik devletleri, eeuu, ee uu, usa, vs, сша
US: us, etats unis d amerique
GB: uk, great britain, britain, england, scotland, wales, northern ireland, grossbritannien, ingiltere, birleşik krallık
GB: inglaterra, angleterre, grande bretagne, gran bretaña, великобритания, англия, inghilterra, gran bretagna, engeland
TR: turkiye, türkiye cumhuriyeti, republic of turkey
DE: almanya, brd, bundesrepublik deutschland, federal republic of germany
FR: fransa | ES: ispanya | IT: italya | NL: hollanda, holland, the netherlands, niederland | BE: belçika | AT: avusturya
CH: isviçre | GR: yunanistan | BG: bulgaristan | RO: romanya | UA: ukrayna | PL: polonya | EG: mısır | JO: ürdün
RU: rusya, russian federation, российская федерация, рф | SY: suriye, syrian arab republic | QA: katar | KW: kuveyt
AZ: azerbaycan | GE: gürcistan | AM: ermenistan | IR: iran islamic republic of | IQ: irak | SA: suudi arabistan, ksa
AE: uae, bae, birleşik arap emirlikleri, emirates, dubai, vae | IL: israil | LB: lübnan | LY: libya | DZ: cezayir
TN: tunus | MA: fas | IN: hindistan, bharat | CN: çin, prc | JP: japonya | KP: kuzey kore | BR: brezilya | AR: arjantin
KR: güney kore, korea, republic of korea, korea republic of, kore | MX: meksika | CA: kanada | AU: avustralya
NZ: yeni zelanda | SE: isveç | NO: norveç | DK: danimarka | FI: finlandiya | IE: irlanda | PT: portekiz | SK: slovakya
CZ: czechia, çekya, çek cumhuriyeti, tschechien | HU: macaristan | RS: sırbistan | HR: hırvatistan | AL: arnavutluk
BA: bosna hersek, bosnia | MK: kuzey makedonya, north macedonia, macedonia | XK: kosova | CY: kıbrıs | KZ: kazakistan
UZ: özbekistan | KG: kırgızistan | TM: türkmenistan | ID: endonezya | TH: tayland | VN: vietnam, viet nam | MD: moldova
PH: filipinler | ZA: güney afrika | NG: nijerya | TZ: tanzania | VE: venezuela | BO: bolivia | LA: laos | MM: burma
CI: ivory coast, cote d ivoire | CD: dr congo | SZ: eswatini | CV: cabo verde
"""


# Of a hundred such cells ninety-nine say "not available".
NAMIBIA_OR_NOTHING = ("NA", "na")


@cache
def region_of(text: str) -> str | None:
    """The ISO region that a country cell means, None where it is blank or unknown.

    Args:
        text: a name, an alpha-2 or alpha-3 code, or a dialling code (90, +90, 0090; a shared one gives its main region).
    """
    text = text.strip()
    if text in NAMIBIA_OR_NOTHING:
        return None
    if match := re.fullmatch(r"\(?(?:\+|00)?\s*(\d{1,3})\)?(?:\.0)?", text):
        region = COUNTRY_CODE_TO_REGION_CODE.get(int(match[1]), (None,))[0]
        return region if region in SUPPORTED_REGIONS else None
    if len(text) == 2 and text.upper() in SUPPORTED_REGIONS:
        return text.upper()
    if len(text) == 3 and text.upper() in _alpha3():
        return _alpha3()[text.upper()]
    return _names().get(_key(text)) if 0 < len(text) <= 80 else None


@cache
def _alpha3() -> dict[str, str]:
    return {pair[:3]: pair[3:] for pair in _ALPHA3.split()}


@cache
def _names() -> dict[str, str]:
    """Names from phonenumbers' own tables and ours; loaded only when a cell is no code."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {
        _key(name): region
        for region, translations in LOCALE_DATA.items()
        if region in SUPPORTED_REGIONS
        for name in translations.values()
        if not name.startswith("*")
    }
    for entry in re.split(r"[|\n](?=\s*[A-Z]{2}:)", _MORE_NAMES):
        region, _, more = entry.strip().partition(":")
        names.update({_key(name): region for name in more.split(",") if name.strip()})
    return names


def _key(text: str) -> str:
    """Without case, accents, blanks and points, so that `Türkiye`, `TURKIYE` and `U.S.A.` are found."""
    bare = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("İ", "i").casefold())
    return "".join(char for char in bare if char.isalnum())
