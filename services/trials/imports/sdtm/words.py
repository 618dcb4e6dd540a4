"""The words of SDTM: days, names and reasons as codes, countries by their codes of three letters."""

import re
from datetime import date

# Written where there is no value: by R, by SAS, and as SDTM itself has it.
_NOTHING = ("", "NA", ".")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T.*)?")
_PARTIAL = re.compile(r"[0-9-]{4,10}(T.*)?")
# ISO 3166-1: each alpha-3 code with its alpha-2 code behind it.
_CODES = (
    "ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT "
    "AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO "
    "BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG "
    "COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO "
    "DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB "
    "GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY "
    "HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT "
    "JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY "
    "LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH "
    "MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA "
    "NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE "
    "PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA "
    "SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR "
    "SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO "
    "TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG "
    "VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW "
)
_COUNTRIES = {pair[:3]: pair[3:] for pair in _CODES.split()}


class NotADayError(Exception):
    """What stands there is no whole day: `rule` says whether part of one, nothing, or something else."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule


def given(value: str | None) -> str | None:
    """The value without surrounding space; None where it says that there is none."""
    text = (value or "").strip()
    return None if text in _NOTHING else text


def day_of(value: str | None) -> date:
    """The local day of an ISO 8601 date or time; NotADayError where it is not a whole one."""
    text = given(value)
    if text is None:
        raise NotADayError("sdtm.date_missing", "no day is given")
    if found := _DAY.fullmatch(text):
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            raise NotADayError("sdtm.date", "the calendar has no such day") from None
    if _PARTIAL.fullmatch(text):
        raise NotADayError("sdtm.date_partial", "only part of a day is given")
    raise NotADayError("sdtm.date", "is not a date like 2026-03-02")


def day_or_none(value: str | None) -> date | None:
    """The day where a whole one is given, of a column that others can stand in for."""
    try:
        return day_of(value)
    except NotADayError:
        return None


def name_of(value: str) -> str:
    """A name as a code: without the signs that a code has not, `WEEK 10 (T)` is WEEK 10 T."""
    return " ".join(re.sub(r"[^A-Za-z0-9 ._/-]", "", value).split()).lstrip(" ._/-")[:64].rstrip()


def reason_of(decode: str) -> str:
    """A term of the disposition as a code: `LOST TO FOLLOW-UP` is lost_to_follow_up."""
    return re.sub(r"[^a-z0-9]+", "_", decode.lower()).strip("_")[:64] or "other"


def country_of(code: str | None) -> str | None:
    """The alpha-2 code of an alpha-3 one; None where it is none."""
    return _COUNTRIES.get(code or "")
