"""The countries as registries write them, by their ISO 3166-1 alpha-2 codes.

Codes after the table iso3166.tab of the IANA time zone database; names after it and after the registry's own
spellings, in small Latin letters without signs.
"""

import re
import unicodedata

_NAMES = """
afghanistan=AF; aland islands=AX; albania=AL; algeria=DZ; american samoa=AS; andorra=AD; angola=AO;
anguilla=AI; antarctica=AQ; antigua and barbuda=AG; argentina=AR; armenia=AM; aruba=AW; australia=AU;
austria=AT; azerbaijan=AZ; bahamas=BS; bahrain=BH; bangladesh=BD; barbados=BB; belarus=BY; belgium=BE;
belize=BZ; benin=BJ; bermuda=BM; bhutan=BT; bolivia=BO; bosnia and herzegovina=BA; botswana=BW;
bouvet island=BV; brazil=BR; british indian ocean territory=IO; brunei darussalam=BN; brunei=BN;
bulgaria=BG; burkina faso=BF; burma=MM; burundi=BI; cambodia=KH; cameroon=CM; canada=CA; cape verde=CV;
caribbean nl=BQ; cayman islands=KY; central african rep=CF; chad=TD; chile=CL; china=CN;
christmas island=CX; cocos islands=CC; colombia=CO; comoros=KM; congo the democratic republic of the=CD;
congo=CG; cook islands=CK; costa rica=CR; cote divoire=CI; croatia=HR; cuba=CU; curacao=CW; cyprus=CY;
czech republic=CZ; czechia=CZ; democratic republic of the congo=CD; denmark=DK; djibouti=DJ; dominica=DM;
dominican republic=DO; east timor=TL; ecuador=EC; egypt=EG; el salvador=SV; equatorial guinea=GQ;
eritrea=ER; estonia=EE; eswatini=SZ; ethiopia=ET; falkland islands=FK; faroe islands=FO; fiji=FJ;
finland=FI; france=FR; french guiana=GF; french polynesia=PF; french s terr=TF; gabon=GA; gambia=GM;
georgia=GE; germany=DE; ghana=GH; gibraltar=GI; great britain=GB; greece=GR; greenland=GL; grenada=GD;
guadeloupe=GP; guam=GU; guatemala=GT; guernsey=GG; guinea bissau=GW; guinea=GN; guyana=GY; haiti=HT;
heard island and mcdonald islands=HM; holy see vatican city state=VA; honduras=HN; hong kong=HK;
hungary=HU; iceland=IS; india=IN; indonesia=ID; iran islamic republic of=IR; iran=IR; iraq=IQ; ireland=IE;
isle of man=IM; israel=IL; italy=IT; ivory coast=CI; jamaica=JM; japan=JP; jersey=JE; jordan=JO;
kazakhstan=KZ; kenya=KE; kiribati=KI; korea democratic peoples republic of=KP; korea republic of=KR;
kuwait=KW; kyrgyzstan=KG; lao peoples democratic republic=LA; laos=LA; latvia=LV; lebanon=LB; lesotho=LS;
liberia=LR; libya=LY; libyan arab jamahiriya=LY; liechtenstein=LI; lithuania=LT; luxembourg=LU; macau=MO;
macedonia the former yugoslav republic of=MK; madagascar=MG; malawi=MW; malaysia=MY; maldives=MV; mali=ML;
malta=MT; marshall islands=MH; martinique=MQ; mauritania=MR; mauritius=MU; mayotte=YT; mexico=MX;
micronesia federated states of=FM; micronesia=FM; moldova republic of=MD; moldova=MD; monaco=MC;
mongolia=MN; montenegro=ME; montserrat=MS; morocco=MA; mozambique=MZ; myanmar=MM; namibia=NA; nauru=NR;
nepal=NP; netherlands=NL; new caledonia=NC; new zealand=NZ; nicaragua=NI; niger=NE; nigeria=NG; niue=NU;
norfolk island=NF; north macedonia=MK; northern mariana islands=MP; norway=NO; oman=OM; pakistan=PK;
palau=PW; palestine=PS; palestinian territories occupied=PS; palestinian territory occupied=PS; panama=PA;
papua new guinea=PG; paraguay=PY; peru=PE; philippines=PH; pitcairn=PN; poland=PL; portugal=PT;
puerto rico=PR; qatar=QA; republic of the congo=CG; reunion=RE; romania=RO; russia=RU;
russian federation=RU; rwanda=RW; saint kitts and nevis=KN; saint lucia=LC; saint martin=MF;
saint vincent and the grenadines=VC; samoa=WS; san marino=SM; sao tome and principe=ST; saudi arabia=SA;
senegal=SN; serbia=RS; seychelles=SC; sierra leone=SL; singapore=SG; sint maarten=SX; slovakia=SK;
slovenia=SI; solomon islands=SB; somalia=SO; south africa=ZA;
south georgia and the south sandwich islands=GS; south korea=KR; south sudan=SS; spain=ES; sri lanka=LK;
st barthelemy=BL; st helena=SH; st kitts and nevis=KN; st lucia=LC; st pierre and miquelon=PM;
st vincent=VC; sudan=SD; suriname=SR; svalbard and jan mayen=SJ; swaziland=SZ; sweden=SE; switzerland=CH;
syria=SY; syrian arab republic=SY; taiwan=TW; tajikistan=TJ; tanzania=TZ; thailand=TH; the bahamas=BS;
the gambia=GM; timor leste=TL; togo=TG; tokelau=TK; tonga=TO; trinidad and tobago=TT; tunisia=TN;
turkey turkiye=TR; turkey=TR; turkiye=TR; turkmenistan=TM; turks and caicos islands=TC; tuvalu=TV;
uganda=UG; ukraine=UA; united arab emirates=AE; united kingdom=GB; united states of america=US;
united states=US; uruguay=UY; us minor outlying islands=UM; usa=US; uzbekistan=UZ; vanuatu=VU;
vatican city=VA; venezuela=VE; viet nam=VN; vietnam=VN; virgin islands british=VG; virgin islands u s=VI;
wallis and futuna=WF; western sahara=EH; yemen=YE; zambia=ZM; zimbabwe=ZW
"""
_CODE = dict(one.strip().rsplit("=", 1) for one in _NAMES.split(";"))
_APART = re.compile(r"[^a-z0-9]+")


def code_of(country: str) -> str:
    """The code of a country that is named or already a code; a name that is not known stays, in capitals."""
    if re.fullmatch(r"[A-Z]{2}", country):
        return country
    latin = "".join(c for c in unicodedata.normalize("NFKD", country) if not unicodedata.combining(c))
    name = " ".join(_APART.sub(" ", latin.casefold().replace("'", "").replace("&", " and ")).split())
    return _CODE.get(name, name.upper())
