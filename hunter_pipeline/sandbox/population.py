"""
The world on its first day.

Belongs here: all referrals of a seed at an epoch, and which firms have a Microsoft 365 tenant. Does
not belong here: one referral (generator.py), or anything that happens afterwards (world.py).
"""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from hunter_pipeline.sandbox import contacts, generator, oddities

Referral: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Population:
    """Referrals by id, and the GUID of the tenant of each domain (ASCII) that has one."""

    referrals: dict[str, Referral]
    tenants: dict[str, str]


def populate(seed: int, incoming: int, outgoing: int, tenants: int, epoch: datetime) -> Population:
    """The same arguments give the same world, to the last digit."""
    referrals: dict[str, Referral] = {}
    domains: dict[str, None] = {}
    unanswered = 0
    for number in range(incoming):
        payload = generator.referral(seed, number, epoch)
        if payload["status"] == "New":
            oddities.urgent(payload, unanswered, epoch, random.Random(f"{seed}/urgent/{number}"))
            unanswered += 1
        referrals[payload["id"]] = payload
        if contacts.is_plain(number):
            domains[contacts.ascii_domain(generator.birth(seed, number).company.domain)] = None
    for number in range(outgoing):
        payload = generator.referral(seed, number, epoch, series="out")
        referrals[payload["id"]] = payload
    return Population(referrals, _tenants(seed, list(domains), tenants))


def _tenants(seed: int, domains: list[str], wanted: int) -> dict[str, str]:
    """Spread over the firms that at least one referral names plainly, so that each can be found."""
    count = min(wanted, len(domains))
    chosen = [domains[position * len(domains) // count] for position in range(count)]
    return {domain: generator.guid(f"{seed}/tenant/{domain}") for domain in chosen}
