"""
Words for deals, notes and mailboxes that have nothing to do with a country.

Belongs here: data only. Does not belong here: firms and people (countries.py). The mail providers
are the only real names.
"""

CONSUMER = (
    "gmail.com",
    "hotmail.com",
    "web.de",
    "outlook.com",
    "yahoo.co.jp",
    "gmx.de",
    "icloud.com",
    "uol.com.br",
    "mail.ru",
    "qq.com",
    "yahoo.com",
    "live.com",
    "o2.pl",
    "libero.it",
)
DISPOSABLE = ("mailinator.com", "guerrillamail.com", "yopmail.com", "10minutemail.com")
SUBDOMAINS = ("mail", "eposta", "corp", "tr", "hq.eu", "smtp")
DEALS = (
    "Discover Sensitive Data Workshop",
    "Microsoft 365 migration",
    "Dynamics 365 for Field Service",
    "Azure landing zone",
    "Teams rollout & training",
    "Copilot readiness",
    "Security assessment",
    "Power Platform pilot",
    "Windows 365 for branch offices",
)
SIZES = ("", None, "1to9employees", "10to50employees", "51to250employees", "251to1000employees", "1001to5000employees")
PRODUCTS = ("Microsoft365", "Dynamics365Enterprise", "Azure", "PowerBI", "WindowsServer")
INDUSTRIES = ("Manufacturing", "Education", "RetailAndConsumerGoods", "Health", "Government")
SERVICES = ("DeploymentOrMigration", "LearningAndCertification", "Consulting", "ManagedServices")
SOLUTIONS = (
    "Dynamics 365 for Field Service",
    "M365 E5 Compliance | Non-specific",
    "Azure Virtual Desktop",
    "Microsoft Sentinel",
)
NOTES = (
    None,
    None,
    "",
    "We are interested in deploying Microsoft 365 and are looking for support in training our employees. Can you help?",
    "Customer is looking to leverage Dynamics 365 to manage their supply chain.",
    "Budget approved.\nDecision in six weeks.\tSee attached offer <b>v2</b>.",
    "Please call {first} {last} on {phone} or write to {mail}.",
)
