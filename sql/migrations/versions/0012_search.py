"""One search text for the lists of referrals and of leads, in which accents, case, numbers and IDNs are folded."""

import json
import unicodedata

from alembic import op
from babel import Locale

revision = "0012"
down_revision = "0011"

# Names by which people know a country, beside those of the Unicode CLDR in English and Turkish.
_OTHER_NAMES = {"TR": "Turkey", "US": "USA", "GB": "UK Great Britain", "AE": "UAE", "CZ": "Czech Republic"}

# The extension unaccent is not part of the embedded server. A dump is restored without a search path: hence "public.".
_FUNCTIONS = r"""
create function fold_text(value text) returns text language plpgsql immutable strict parallel safe as $$
begin
    if octet_length(value) <> length(value) then
        value := regexp_replace(normalize(value, nfkd), U&'[\0300-\036f]', '', 'g');
        value := replace(replace(replace(replace(value, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        value := translate(value, 'ıłŁøØđĐðÐħĦς', 'illooddddhhσ');
    end if;
    return lower(value);
end $$;
comment on function fold_text(text) is 'A text without case and accents: Gümüşkent is gumuskent.';

create function decode_punycode(label text) returns text language plpgsql immutable strict parallel safe as $$
-- RFC 3492; what is no punycode is returned unchanged
declare
    decoded text := case when strpos(label, '-') > 0 then regexp_replace(label, '-[^-]*$', '') else '' end;
    rest text := lower(regexp_replace(label, '^.*-', ''));
    code integer := 128;
    place integer := 0;
    bias integer := 72;
    start integer;
    weight integer;
    base integer;
    digit integer;
    threshold integer;
    delta integer;
begin
    while rest <> '' loop
        start := place;
        weight := 1;
        base := 36;
        loop
            digit := strpos('abcdefghijklmnopqrstuvwxyz0123456789', left(rest, 1)) - 1;
            if rest = '' or digit < 0 then
                return label;
            end if;
            rest := substr(rest, 2);
            place := place + digit * weight;
            threshold := least(greatest(base - bias, 1), 26);
            exit when digit < threshold;
            weight := weight * (36 - threshold);
            base := base + 36;
        end loop;
        delta := (place - start) / case start when 0 then 700 else 2 end;
        delta := delta + delta / (length(decoded) + 1);
        base := 0;
        while delta > 455 loop
            delta := delta / 35;
            base := base + 36;
        end loop;
        bias := base + 36 * delta / (delta + 38);
        code := code + place / (length(decoded) + 1);
        place := place % (length(decoded) + 1);
        decoded := left(decoded, place) || chr(code) || substr(decoded, place + 1);
        place := place + 1;
    end loop;
    return decoded;
exception when data_exception or program_limit_exceeded then
    return label;
end $$;
comment on function decode_punycode(text) is 'The letters of an internationalized label without its xn--.';

create function referral_search_text(
    company_name text, name text, domain text, referral_id text, engagement_id text, city text, country text,
    solutions text[], contacts jsonb
) returns text language plpgsql immutable parallel safe as $$
declare
    -- each part is folded on its own, because only what is not ASCII takes time
    found text := concat_ws(
        chr(10),
        public.fold_text(concat_ws(chr(10), company_name, name, city)),
        lower(concat_ws(chr(10), domain, referral_id, engagement_id)),
        '{countries}'::jsonb ->> country,
        public.fold_text(nullif(array_to_string(solutions, chr(10)), '')),
        public.fold_text(jsonb_path_query_array(contacts, 'lax $[*].* ? (@ != null)')::text),
        -- a number is found however it is grouped
        regexp_replace(jsonb_path_query_array(contacts, 'lax $[*].phone')::text, '[^0-9,]', '', 'g')
    );
    label text;
    readable text := lower(domain);
begin
    if strpos(found, 'xn--') > 0 then
        for label in select distinct part[1] from regexp_matches(found, 'xn--([a-z0-9-]{1,59})', 'g') as part loop
            found := concat_ws(chr(10), found, public.fold_text(public.decode_punycode(label)));
            readable := replace(readable, 'xn--' || label, public.decode_punycode(label));
        end loop;
        found := concat_ws(chr(10), found, public.fold_text(readable));
    end if;
    return found;
end $$;
comment on function referral_search_text(text, text, text, text, text, text, text, text[], jsonb) is
    'What a search looks into, as search_text stores it.';
"""


def upgrade() -> None:
    """Create the functions, and compute the search text of every referral again."""
    op.execute(_FUNCTIONS.replace("{countries}", _country_names()))
    op.execute("""
    do $$
    begin
        alter table partner_center_referrals drop column search_text;
    exception when dependent_objects_still_exist then
        -- a view of the user's own selects it: there it stays, and empty, because it has personal data
        alter table partner_center_referrals rename column search_text to former_search_text;
        alter table partner_center_referrals alter column former_search_text drop expression;
        update partner_center_referrals set former_search_text = null;
    end $$;
    alter table partner_center_referrals
        add search_text text generated always as (
            referral_search_text(
                company_name, name, domain, referral_id, engagement_id, city, country, solutions, contacts
            )
        ) stored;
    comment on column partner_center_referrals.search_text is
        'What a search reads, folded: company, deal, domain, ids, place, solutions, contacts. Personal data.';
    """)


def _country_names() -> str:
    """Return each country's names in English and Turkish as JSON for an SQL literal: {"DE": "germany almanya"}."""
    english, turkish = (Locale.parse(language).territories for language in ("en", "tr"))
    names = {
        code: _fold(f"{english[code]} {turkish.get(code, '')} {_OTHER_NAMES.get(code, '')}")
        for code in english
        if len(code) == 2 and code.isalpha()  # noqa: PLR2004 - others are regions such as 150, Europe
    }
    return json.dumps(names).replace("'", "''")


def _fold(text: str) -> str:
    """Return what fold_text returns for these names."""
    decomposed = unicodedata.normalize("NFKD", text.replace("ı", "i"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower().strip()
