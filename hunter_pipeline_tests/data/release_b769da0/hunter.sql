--
-- PostgreSQL database dump
--

\restrict 7wxYLh6oxASSCqyTDC7MG9PPieSdLvdetYE3PJFej3PwUTmjNiuasmnqsLpDfMN

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: companies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.companies (
    id bigint NOT NULL,
    domain text NOT NULL,
    canonical_name text,
    country text,
    provider text,
    azure_tenant_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE companies; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.companies IS 'One row a canonical domain of a customer.';


--
-- Name: companies_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.companies ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.companies_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: domain_tenants; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.domain_tenants (
    domain text NOT NULL,
    azure_tenant_id text,
    checked_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE domain_tenants; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.domain_tenants IS 'What Entra said of each domain; a null tenant is an answer as well.';


--
-- Name: forgetting_key; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forgetting_key (
    only_one boolean DEFAULT true NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT forgetting_key_only_one_check CHECK (only_one)
);


--
-- Name: TABLE forgetting_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.forgetting_key IS 'The key under which forgotten people are hashed: drawn once, never changed.';


--
-- Name: forgotten_in; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forgotten_in (
    referral_hash text NOT NULL,
    address_hash text NOT NULL
);


--
-- Name: TABLE forgotten_in; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.forgotten_in IS 'Which referrals named a forgotten person, as keyed hashes of their ids.';


--
-- Name: forgotten_people; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forgotten_people (
    address_hash text NOT NULL,
    forgotten_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE forgotten_people; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.forgotten_people IS 'Who was forgotten by `hunter forget`, as a keyed hash of the e-mail address: later syncs leave them out.';


--
-- Name: forgotten_traces; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.forgotten_traces (
    address_hash text NOT NULL,
    trace_hash text NOT NULL
);


--
-- Name: TABLE forgotten_traces; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.forgotten_traces IS 'Keyed hashes of the names and numbers that a forgotten person had.';


--
-- Name: partner_center_referrals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.partner_center_referrals (
    referral_id text NOT NULL,
    content_hash text NOT NULL,
    engagement_id text,
    name text,
    organization_id text,
    organization_name text,
    external_reference_id text,
    referral_type text,
    referral_type_reason text,
    type text,
    qualification text,
    direction text,
    status text,
    substatus text,
    status_reason text,
    sales_stage text,
    invited_by_organization_id text,
    company_name text,
    company_size text,
    country text,
    city text,
    domain text,
    domain_source text,
    domain_candidates text[] DEFAULT '{}'::text[] NOT NULL,
    domain_reason text,
    deal_value numeric,
    currency text,
    customer_requested_contact boolean,
    contacts jsonb DEFAULT '[]'::jsonb NOT NULL,
    source_created_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    expires_at timestamp with time zone,
    accepted_at timestamp with time zone,
    closed_at timestamp with time zone,
    expected_close_at timestamp with time zone,
    field_errors jsonb DEFAULT '{}'::jsonb NOT NULL,
    azure_tenant_id text,
    missing_since timestamp with time zone,
    synced_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search_text text GENERATED ALWAYS AS (translate(lower(((((((((((((COALESCE(company_name, ''::text) || chr(10)) || COALESCE(name, ''::text)) || chr(10)) || COALESCE(domain, ''::text)) || chr(10)) || referral_id) || chr(10)) || COALESCE(engagement_id, ''::text)) || chr(10)) || COALESCE(city, ''::text)) || chr(10)) || (jsonb_path_query_array(contacts, '$[*].*?(@ != null)'::jsonpath))::text)), 'ıİ̇'::text, 'ii'::text)) STORED,
    company_sort text GENERATED ALWAYS AS ("left"(lower(company_name), 100)) STORED,
    name_sort text GENERATED ALWAYS AS ("left"(lower(name), 100)) STORED
);


--
-- Name: TABLE partner_center_referrals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.partner_center_referrals IS 'One row a referral: what the sales team works from. Personal data.';


--
-- Name: COLUMN partner_center_referrals.search_text; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.partner_center_referrals.search_text IS 'What a search looks into: company, deal, domain, ids, city and contacts, in small letters. Personal data.';


--
-- Name: COLUMN partner_center_referrals.company_sort; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.partner_center_referrals.company_sort IS 'company_name in small letters, short enough to stand in an index with everything a list is filtered by.';


--
-- Name: leads_ready; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.leads_ready AS
 WITH facts AS (
         SELECT partner_center_referrals.referral_id,
            partner_center_referrals.domain,
            partner_center_referrals.company_name,
            partner_center_referrals.country,
            partner_center_referrals.referral_type,
            partner_center_referrals.status,
            partner_center_referrals.substatus,
            partner_center_referrals.deal_value,
            partner_center_referrals.currency,
            partner_center_referrals.contacts,
            partner_center_referrals.expires_at,
            partner_center_referrals.source_created_at,
            partner_center_referrals.source_updated_at,
            COALESCE((partner_center_referrals.customer_requested_contact AND (partner_center_referrals.source_created_at > (now() - '72:00:00'::interval))), false) AS is_urgent,
            COALESCE((partner_center_referrals.customer_requested_contact AND ((partner_center_referrals.source_created_at > (now() - '72:00:00'::interval)) IS NOT TRUE)), false) AS is_requested,
            COALESCE(((partner_center_referrals.status = 'New'::text) AND ((partner_center_referrals.expires_at >= now()) AND (partner_center_referrals.expires_at <= (now() + '72:00:00'::interval)))), false) AS expires_now,
            COALESCE(((partner_center_referrals.status = 'New'::text) AND (partner_center_referrals.expires_at > (now() + '72:00:00'::interval)) AND (partner_center_referrals.expires_at <= (now() + '7 days'::interval))), false) AS expires_soon,
            (partner_center_referrals.status = 'New'::text) AS is_new,
            COALESCE((partner_center_referrals.qualification = 'SalesQualified'::text), false) AS is_sales,
            COALESCE((partner_center_referrals.qualification = 'MarketingQualified'::text), false) AS is_marketing,
            COALESCE((partner_center_referrals.source_created_at > (now() - '7 days'::interval)), false) AS is_young,
            COALESCE((partner_center_referrals.deal_value > (0)::numeric), false) AS is_valued,
            jsonb_path_exists(partner_center_referrals.contacts, '$[*]?(@."email" != null || @."phone" != null)'::jsonpath) AS is_reachable
           FROM public.partner_center_referrals
          WHERE ((partner_center_referrals.domain IS NOT NULL) AND (partner_center_referrals.status = ANY (ARRAY['New'::text, 'Active'::text])) AND (partner_center_referrals.missing_since IS NULL))
        ), ranked AS (
         SELECT DISTINCT ON (facts.domain) facts.referral_id,
            facts.domain,
            facts.company_name,
            facts.country,
            facts.referral_type,
            facts.status,
            facts.substatus,
            facts.deal_value,
            facts.currency,
            facts.contacts,
            facts.expires_at,
            facts.source_created_at,
            facts.source_updated_at,
            facts.is_urgent,
            facts.is_requested,
            facts.expires_now,
            facts.expires_soon,
            facts.is_new,
            facts.is_sales,
            facts.is_marketing,
            facts.is_young,
            facts.is_valued,
            facts.is_reachable,
            company.id AS company_id,
            company.canonical_name,
            company.provider,
            company.country AS company_country,
            COALESCE((company.provider = 'M365'::text), false) AS is_m365,
            LEAST((((((((((((40 * (facts.is_urgent)::integer) + (15 * (facts.is_requested)::integer)) + (20 * (facts.expires_now)::integer)) + (10 * (facts.expires_soon)::integer)) + (15 * (facts.is_new)::integer)) + (15 * (facts.is_sales)::integer)) + (8 * (facts.is_marketing)::integer)) + (10 * (facts.is_young)::integer)) + (10 * (facts.is_valued)::integer)) + (10 * (facts.is_reachable)::integer)) + (5 * (COALESCE((company.provider = 'M365'::text), false))::integer)), 100) AS score
           FROM (facts
             LEFT JOIN public.companies company ON ((facts.domain = company.domain)))
          ORDER BY facts.domain, LEAST((((((((((((40 * (facts.is_urgent)::integer) + (15 * (facts.is_requested)::integer)) + (20 * (facts.expires_now)::integer)) + (10 * (facts.expires_soon)::integer)) + (15 * (facts.is_new)::integer)) + (15 * (facts.is_sales)::integer)) + (8 * (facts.is_marketing)::integer)) + (10 * (facts.is_young)::integer)) + (10 * (facts.is_valued)::integer)) + (10 * (facts.is_reachable)::integer)) + (5 * (COALESCE((company.provider = 'M365'::text), false))::integer)), 100) DESC, facts.source_created_at DESC NULLS LAST, facts.source_updated_at DESC NULLS LAST, facts.referral_id
        ), per_domain AS (
         SELECT partner_center_referrals.domain,
            array_agg(DISTINCT partner_center_referrals.referral_type ORDER BY partner_center_referrals.referral_type) FILTER (WHERE (partner_center_referrals.referral_type IS NOT NULL)) AS referral_types,
            count(*) AS referral_count,
            count(*) FILTER (WHERE (partner_center_referrals.status = ANY (ARRAY['New'::text, 'Active'::text]))) AS open_referral_count,
            array_agg(partner_center_referrals.referral_id ORDER BY partner_center_referrals.source_created_at DESC NULLS LAST, partner_center_referrals.source_updated_at DESC NULLS LAST, partner_center_referrals.referral_id) AS referral_ids,
            max(partner_center_referrals.updated_at) AS updated_at
           FROM public.partner_center_referrals
          WHERE ((partner_center_referrals.domain IS NOT NULL) AND (partner_center_referrals.missing_since IS NULL))
          GROUP BY partner_center_referrals.domain
        )
 SELECT ranked.company_id,
    COALESCE(ranked.canonical_name, ranked.company_name, ranked.domain) AS canonical_name,
    ranked.domain,
    ranked.provider,
    COALESCE(ranked.company_country, ranked.country) AS country,
    ranked.referral_type,
    COALESCE(per_domain.referral_types, '{}'::text[]) AS referral_types,
    per_domain.referral_count,
    per_domain.open_referral_count,
    ranked.referral_id AS primary_referral_id,
    per_domain.referral_ids,
    ranked.status,
    ranked.substatus,
    ranked.deal_value,
    ranked.currency,
    (contact.person ->> 'name'::text) AS contact_name,
    (contact.person ->> 'email'::text) AS contact_email,
    (contact.person ->> 'phone'::text) AS contact_phone,
    ranked.expires_at,
    ranked.score,
    array_remove(ARRAY[
        CASE
            WHEN ranked.is_urgent THEN 'customer asked to be contacted in the last 72 hours'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.expires_now THEN 'expires within 72 hours'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_requested THEN 'customer asked to be contacted'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_new THEN 'not answered yet'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_sales THEN 'sales qualified'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_young THEN 'at most a week old'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_valued THEN 'deal value is known'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.expires_soon THEN 'expires within a week'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_reachable THEN 'somebody to contact'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_marketing THEN 'marketing qualified'::text
            ELSE NULL::text
        END,
        CASE
            WHEN ranked.is_m365 THEN 'company is on Microsoft 365'::text
            ELSE NULL::text
        END], NULL::text) AS score_reasons,
    per_domain.updated_at
   FROM ((ranked
     LEFT JOIN per_domain ON ((ranked.domain = per_domain.domain)))
     CROSS JOIN LATERAL ( SELECT COALESCE(jsonb_path_query_first(ranked.contacts, '$[*]?(@."email" != null && @."phone" != null)'::jsonpath), jsonb_path_query_first(ranked.contacts, '$[*]?(@."email" != null)'::jsonpath), jsonb_path_query_first(ranked.contacts, '$[*]?(@."phone" != null)'::jsonpath), (ranked.contacts -> 0)) AS person) contact);


--
-- Name: VIEW leads_ready; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.leads_ready IS 'sql/views/leads_ready.sql f4279cc1357af6135dcdeb1476fe93000f1326e213dc65c773c4f00ef1e6eb32';


--
-- Name: normalized_referrals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.normalized_referrals (
    referral_id text NOT NULL,
    content_hash text NOT NULL,
    engagement_id text,
    name text,
    organization_id text,
    organization_name text,
    external_reference_id text,
    referral_type text,
    referral_type_reason text,
    type text,
    qualification text,
    direction text,
    status text,
    substatus text,
    status_reason text,
    sales_stage text,
    invited_by_organization_id text,
    company_name text,
    company_size text,
    country text,
    city text,
    domain text,
    domain_source text,
    domain_candidates text[] DEFAULT '{}'::text[] NOT NULL,
    domain_reason text,
    deal_value numeric,
    currency text,
    customer_requested_contact boolean,
    contacts jsonb DEFAULT '[]'::jsonb NOT NULL,
    source_created_at timestamp with time zone,
    source_updated_at timestamp with time zone,
    expires_at timestamp with time zone,
    accepted_at timestamp with time zone,
    closed_at timestamp with time zone,
    expected_close_at timestamp with time zone,
    field_errors jsonb DEFAULT '{}'::jsonb NOT NULL,
    rules text NOT NULL,
    normalized_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: TABLE normalized_referrals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.normalized_referrals IS 'The newest version of each referral, typed; all of it can be derived again from raw_referrals. Personal data.';


--
-- Name: quarantined_referrals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.quarantined_referrals (
    id bigint NOT NULL,
    payload text NOT NULL,
    reason text NOT NULL,
    content_hash text NOT NULL,
    run_id text,
    quarantined_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    erased boolean DEFAULT false NOT NULL
);


--
-- Name: TABLE quarantined_referrals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.quarantined_referrals IS 'What arrived and is not a referral, with the reason. Personal data.';


--
-- Name: quarantined_referrals_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.quarantined_referrals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantined_referrals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: raw_referrals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.raw_referrals (
    id bigint NOT NULL,
    referral_id text NOT NULL,
    payload jsonb NOT NULL,
    content_hash text NOT NULL,
    source_updated_at timestamp with time zone,
    source_updated_key text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    repaired boolean DEFAULT false NOT NULL,
    fetched_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    run_id text,
    erased boolean DEFAULT false NOT NULL
);


--
-- Name: TABLE raw_referrals; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.raw_referrals IS 'Every version of every referral that Partner Center has shown us. Personal data.';


--
-- Name: COLUMN raw_referrals.source_updated_key; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.raw_referrals.source_updated_key IS 'updatedDateTime in UTC with seven fraction digits: timestamptz rounds them; empty where unreadable.';


--
-- Name: COLUMN raw_referrals.repaired; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.raw_referrals.repaired IS 'Characters or numbers that jsonb cannot hold were replaced in the payload.';


--
-- Name: COLUMN raw_referrals.seen_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.raw_referrals.seen_at IS 'When a sync last saw this very version.';


--
-- Name: COLUMN raw_referrals.erased; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.raw_referrals.erased IS 'A forgotten person was taken out of the payload; content_hash is a keyed one of what arrived.';


--
-- Name: raw_referrals_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.raw_referrals ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.raw_referrals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: referral_status_history; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.referral_status_history AS
 WITH versions AS (
         SELECT raw_referrals.referral_id,
            (raw_referrals.payload ->> 'status'::text) AS status,
            (raw_referrals.payload ->> 'substatus'::text) AS substatus,
            COALESCE(raw_referrals.source_updated_at, raw_referrals.fetched_at) AS valid_from,
            raw_referrals.source_updated_key,
            raw_referrals.fetched_at,
            raw_referrals.content_hash
           FROM public.raw_referrals
        ), compared AS (
         SELECT versions.referral_id,
            versions.status,
            versions.substatus,
            versions.valid_from,
            versions.source_updated_key,
            versions.fetched_at,
            versions.content_hash,
            row_number() OVER by_age AS place,
            lag(versions.status) OVER by_age AS status_before,
            lag(versions.substatus) OVER by_age AS substatus_before
           FROM versions
          WINDOW by_age AS (PARTITION BY versions.referral_id ORDER BY versions.source_updated_key, versions.fetched_at, versions.content_hash)
        )
 SELECT referral_id,
    status,
    substatus,
    valid_from,
    lead(valid_from) OVER (PARTITION BY referral_id ORDER BY source_updated_key, fetched_at, content_hash) AS valid_to
   FROM compared
  WHERE ((place = 1) OR (status IS DISTINCT FROM status_before) OR (substatus IS DISTINCT FROM substatus_before));


--
-- Name: VIEW referral_status_history; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON VIEW public.referral_status_history IS 'sql/views/referral_status_history.sql 93c9f65c19c7431fbe35171f6cdbdd23d602dc41cae30024d1693440cbf907a2';


--
-- Name: sign_in; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sign_in (
    only_one boolean DEFAULT true NOT NULL,
    sealed text NOT NULL,
    saved_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_in_only_one_check CHECK (only_one)
);


--
-- Name: TABLE sign_in; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.sign_in IS 'The sign-in to Partner Center, encrypted with the first key of HUNTER_TOKEN_KEYS; empty without keys.';


--
-- Name: sync_cursors; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sync_cursors (
    stream text NOT NULL,
    watermark text,
    read_mode text,
    read_started_at timestamp with time zone,
    read_cursor text,
    full_read_at timestamp with time zone,
    full_returned integer,
    full_known integer,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    visible_read integer,
    visible_naming_reader integer
);


--
-- Name: TABLE sync_cursors; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.sync_cursors IS 'How far each stream (tenant and direction) was read. read_*: a read under way or broken off.';


--
-- Name: COLUMN sync_cursors.full_read_at; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sync_cursors.full_read_at IS 'When the last trusted full read began: a referral last seen before it is gone upstream.';


--
-- Name: COLUMN sync_cursors.full_known; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sync_cursors.full_known IS 'How many referrals were known when the last full read ended; full_returned of them came.';


--
-- Name: COLUMN sync_cursors.visible_naming_reader; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON COLUMN public.sync_cursors.visible_naming_reader IS 'How many of the visible_read referrals of the last whole read name whoever is signed in in their team.';


--
-- Name: sync_runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.sync_runs (
    run_id text NOT NULL,
    status text NOT NULL,
    reason text,
    mode text NOT NULL,
    fetched integer DEFAULT 0 NOT NULL,
    new integer DEFAULT 0 NOT NULL,
    updated integer DEFAULT 0 NOT NULL,
    unchanged integer DEFAULT 0 NOT NULL,
    quarantined integer DEFAULT 0 NOT NULL,
    without_domain integer DEFAULT 0 NOT NULL,
    missing integer DEFAULT 0 NOT NULL,
    pages integer DEFAULT 0 NOT NULL,
    requests integer DEFAULT 0 NOT NULL,
    retries integer DEFAULT 0 NOT NULL,
    duration_seconds double precision,
    watermark text,
    error jsonb,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT sync_runs_mode_check CHECK ((mode = ANY (ARRAY['incremental'::text, 'full'::text]))),
    CONSTRAINT sync_runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'success'::text, 'skipped'::text, 'failed'::text])))
);


--
-- Name: TABLE sync_runs; Type: COMMENT; Schema: public; Owner: -
--

COMMENT ON TABLE public.sync_runs IS 'One row a sync: the summary that `hunter sync --json` prints.';


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.alembic_version (version_num) FROM stdin;
0004
\.


--
-- Data for Name: companies; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.companies (id, domain, canonical_name, country, provider, azure_tenant_id, created_at, updated_at) FROM stdin;
1	denizmertinsaat.com.tr	Denizmert İnşaat Ltd. Şti.	TR	M365	32135d82-e455-43fe-a8c1-b9497dd1bd6a	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
3	kortivafoods-us.com	Kortiva Foods Inc.	US	M365	fc366dcd-09ef-4cf5-9c60-fbc4810dc55f	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
4	kymolyratrofima.gr	Κυμολύρα Τρόφιμα Α.Ε.	GR	M365	cca777bd-a785-4b16-bb45-a9fdb7cadd6f	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
5	lumetrainsurance-us.net	Lumetra Insurance Corp.	US	M365	58ecc99d-9168-4674-b5d4-44c049f300d3	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
6	nuravil-logistics.ae	نورافيل للخدمات اللوجستية ذ.م.م	AE	\N	\N	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
7	nuravillogistics.com.eg	نورافيل للخدمات اللوجستية ش.م.م	EG	M365	e51e2a2f-ffac-48b0-986c-b4a685d74227	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
8	orvexafreight-us.org	Orvexa Freight & Storage LLC	US	M365	044860e6-bcdd-47f7-8697-f0ed1248c0c1	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
9	pellbrook-health-gb.com	Pellbrook Health Ltd	GB	M365	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
10	shiranamizaka-shokuhin.jp	白波坂 食品 株式会社	JP	\N	\N	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
11	thornmarsh-logistics.co.uk	Thornmarsh Logistics PLC	GB	M365	e9c5b9b8-a07b-47e1-a199-3a337c61362f	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
12	xn--qzwx3i4q6apqeeg.jp	青霧野 製作所 株式会社	JP	M365	6b2683b3-2ee0-4364-8169-deb91b718911	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:10.73782+00
2	hoelzmarspedition.de	Hölzmar Spedition e.V.	DE	M365	db65818e-5e62-47af-a99f-1b29a585e957	2026-11-27 00:31:10.73782+00	2026-11-27 00:31:28.756701+00
\.


--
-- Data for Name: domain_tenants; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.domain_tenants (domain, azure_tenant_id, checked_at) FROM stdin;
denizmertinsaat.com.tr	32135d82-e455-43fe-a8c1-b9497dd1bd6a	2026-11-27 00:31:10.734965+00
hoelzmarspedition.de	db65818e-5e62-47af-a99f-1b29a585e957	2026-11-27 00:31:10.734965+00
kortivafoods-us.com	fc366dcd-09ef-4cf5-9c60-fbc4810dc55f	2026-11-27 00:31:10.734965+00
kymolyratrofima.gr	cca777bd-a785-4b16-bb45-a9fdb7cadd6f	2026-11-27 00:31:10.734965+00
lumetrainsurance-us.net	58ecc99d-9168-4674-b5d4-44c049f300d3	2026-11-27 00:31:10.734965+00
nuravil-logistics.ae	\N	2026-11-27 00:31:10.734965+00
nuravillogistics.com.eg	e51e2a2f-ffac-48b0-986c-b4a685d74227	2026-11-27 00:31:10.734965+00
orvexafreight-us.org	044860e6-bcdd-47f7-8697-f0ed1248c0c1	2026-11-27 00:31:10.734965+00
pellbrook-health-gb.com	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	2026-11-27 00:31:10.734965+00
shiranamizaka-shokuhin.jp	\N	2026-11-27 00:31:10.734965+00
thornmarsh-logistics.co.uk	e9c5b9b8-a07b-47e1-a199-3a337c61362f	2026-11-27 00:31:10.734965+00
xn--qzwx3i4q6apqeeg.jp	6b2683b3-2ee0-4364-8169-deb91b718911	2026-11-27 00:31:10.734965+00
\.


--
-- Data for Name: forgetting_key; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.forgetting_key (only_one, key) FROM stdin;
t	\\xa16368b1334643329e3b93868cde4143a025f55d5ad349d08748d5523bb72802
\.


--
-- Data for Name: forgotten_in; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.forgotten_in (referral_hash, address_hash) FROM stdin;
1420cbadc7a1874ba3ca1987fa64f3913a998a5006e3ec8734e09e7b7a144a0c	e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00
\.


--
-- Data for Name: forgotten_people; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.forgotten_people (address_hash, forgotten_at) FROM stdin;
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	2026-11-27 00:31:54.645887+00
\.


--
-- Data for Name: forgotten_traces; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.forgotten_traces (address_hash, trace_hash) FROM stdin;
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	37ac4f425b165961aff47fc48410d1cf683ea2195ef075b00cfdf6eb9834d84f
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	294035bdfeb764c852164d130dd481e5be00a2fdc9a2ad1c141e089e86ed3809
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	52459d74328953e88151534695e755a32773f0bd4635146dca0f8f6a2cad0958
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	44365f06174d00b87e0e96e23db7ab5c5582ef1d964c89c2d8c2ab6dea98a6bd
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	513f35880ae1186c8c371054ca174cc61a5216a17093e172c2cef48ca9ef0387
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	071be2a78883105f227786c70fdf5257e542518dda85d707e8a3ed0b0a119357
e001fd9fd9a06a6e905ff9baaa095ed3962c446eaf9cc7af68fb0bfd2a596d00	462f7241eef0dabbf7b57ed64417669127ff80c7ee7479a62ec689fc73bf4b61
\.


--
-- Data for Name: normalized_referrals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.normalized_referrals (referral_id, content_hash, engagement_id, name, organization_id, organization_name, external_reference_id, referral_type, referral_type_reason, type, qualification, direction, status, substatus, status_reason, sales_stage, invited_by_organization_id, company_name, company_size, country, city, domain, domain_source, domain_candidates, domain_reason, deal_value, currency, customer_requested_contact, contacts, source_created_at, source_updated_at, expires_at, accepted_at, closed_at, expected_close_at, field_errors, rules, normalized_at) FROM stdin;
059a419f-f012-4fd2-9dd9-a44ac823374a	7001443f0e4baa651f7ed2d06f3eaa568f5649d331853b524876f1e5edbb7a65	fbe52fc1-e46e-4f43-b95a-c2199a7e2b30	Thornmarsh Logistics PLC - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000008	solution-provider	\N	Independent	MarketingQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Thornmarsh Logistics PLC	\N	GB	Aberystwyth	\N	\N	{}	no_candidates	148000	GBP	\N	[]	2025-12-08 14:02:12.268441+00	2026-11-19 06:55:24.779854+00	\N	2025-12-09 06:44:26.601278+00	2026-10-28 22:20:24.392902+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
07A76954-4814-4E03-87AC-59DECCDA1EF9	5c949d53ed6c2b4543d3dac1052361c04baf69782adf67611cb2d9ee26018469	3ffc17fe-edbc-4a7d-a636-e1099a6b733c	Lumetra Insurance Corp. - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Lumetra Insurance Corp.	\N	US	Boise	\N	\N	{}	consumer	0	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@icloud.com", "phone": "+1 555 0123", "title": null}]	2025-12-05 10:18:45.032617+00	2026-08-10 12:42:48.660693+00	\N	2025-12-06 22:19:26.61066+00	2026-07-23 14:33:50.364578+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
07a76954-4814-4e03-87ac-59deccda1ef9	725b114fc8eab23870aa93df096342dc66271d5cd237d2e92bb036926c751f3b	3ffc17fe-edbc-4a7d-a636-e1099a6b733c	Lumetra Insurance Corp. - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Lumetra Insurance Corp.	\N	US	Boise	\N	\N	{}	consumer	0	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@icloud.com", "phone": "+1 555 0123", "title": null}]	2025-12-05 10:18:45.032617+00	2026-11-20 10:00:00+00	\N	2025-12-06 22:19:26.61066+00	2026-07-23 14:33:50.364578+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
10a376a2-0ec9-4137-8499-818fb79e3911	f2af899b56c3b074cfb473088203079b7dcbc86953fdc00ed264b91d998ecee4	5fbdf58c-fd1b-461b-adee-752f3326e949	Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000013	marketplace	\N	Independent	Direct	Incoming	Active	Accepted	\N	40	\N	白波坂 食品 株式会社	\N	JP	大阪市北区	shiranamizaka-shokuhin.jp	external_id	{shiranamizaka-shokuhin.jp}	\N	\N	\N	\N	[]	2026-08-26 04:30:22+00	2026-09-02 03:47:04+00	\N	2026-08-31 03:36:10+00	\N	2027-01-04 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
2397d7a6-858f-4a50-abfb-79cebff844b1	cb7e5846348b8a1c541a8e5fcd119e7c21c2af5add242f489029cb1d97104fd6	328139a9-aad5-4d7e-af3f-53cde69c4010	\N	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	\N	Closed	Declined	\N	\N	\N	Coëtvaux Agroalimentaire S.A.R.L.	10to50employees	FR	Évry	\N	\N	{}	no_candidates	\N	EUR	\N	[]	2026-01-22 18:27:41.252816+00	2026-10-14 11:17:02.333107+00	\N	\N	\N	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
26ffeb37-4a85-4550-8f49-5acdf7f29283	42116fff72026572f484473e3dae472a96d374972396a43f76805de0b2b31cbc	97fce4ad-0ba1-47e0-bbef-4a37b470f127	Windows 365 for branch offices	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000004	marketplace	\N	Independent	Direct	Incoming	Active	Accepted	\N	100	MSFT	Thornmarsh Logistics PLC	10to50employees	GB	Aberystwyth	thornmarsh-logistics.co.uk	team_email	{thornmarsh-logistics.co.uk}	\N	0	GBP	t	[{"name": "Sue Smith", "email": "sue.smith@thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}]	2026-03-25 00:58:50+00	2026-04-01 12:28:12+00	\N	2026-04-01 12:28:12+00	\N	2027-05-14 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
2eb698b3-f7d5-4d04-bb33-a444255e45ad	e1ff8cfd311e6b934f8ebb02e5455813ef7d6c466fed2eebd3d9b7721bf7860f	7e3a9d72-f36a-4b0b-91f2-baaf821686f4	Thornmarsh Logistics PLC - Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Declined	\N	40	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Thornmarsh Logistics PLC	\N	GB	Aberystwyth	thornmarsh-logistics.co.uk	team_email	{thornmarsh-logistics.co.uk}	\N	35000	GBP	\N	[{"name": "Sue Smith", "email": "sue.smith@corp.thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}, {"name": "Sue Smith", "email": "sue.smith.2@thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}]	2026-03-28 23:59:58.814963+00	2026-11-10 21:12:45.405615+00	\N	\N	2026-11-10 21:12:45.405615+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
34310e11-bb28-4d19-98a3-0737e2e8c114	61a8243e60920c84f373735b8fd3b736013675df41b89d5b3592df608347740c	d1ed654d-0a30-4d54-beb9-6dac875dbcf6	Microsoft 365 geçişi	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000014	co-sell	\N	Shared	SalesQualified	Incoming	Active	Accepted	\N	60	msft	Denizmert İnşaat Ltd. Şti.	1to9employees	TR	İzmir	denizmertinsaat.com.tr	team_email	{denizmertinsaat.com.tr}	\N	170000	TRY	\N	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@denizmertinsaat.com.tr", "phone": "+90 555 0106", "title": null}]	2025-12-16 03:36:24.819793+00	2026-09-24 16:21:38.180233+00	\N	2025-12-17 18:47:49.415824+00	\N	2027-01-01 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
4d233cb4-05cb-4517-9bcf-ddde7b2c6fa6	51aa38561ce61a30f125b4f0a8bd3d98b4930056d114e3f324637c00e064ea03	ceb017fe-918d-4c2e-b5cf-4c8edf544166	Einführung von Dynamics 365 für Außendienst	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000005	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	20	msft	HÖLZMAR SPEDITION E.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	39500	EUR	\N	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@tr.hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}]	2026-02-06 00:45:44+00	2026-10-25 06:47:30+00	\N	2026-02-09 01:34:58+00	2026-06-30 03:12:58+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
514791b3-ad1e-400b-82b0-60cd0a08a033	032f0ccdef202e6cdc2d0e018a4bcb8d3d201b15010f14235ce017f49c9e58e0	5ab19a76-d7e7-4103-8371-0533d596d313	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Lost	\N	100	MSFT	Pellbrook Health Ltd	1001to5000employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	154500	GBP	t	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-06-14 04:41:21.822341+00	2026-11-07 11:43:15.8582+00	\N	2026-06-17 18:56:58.829007+00	2026-10-09 14:27:05.230363+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
568c6f34-3afd-4055-9377-255a6838d27a	14cda8eeb3475184823bfec6b26ebd07eb040b10843df96bbca180997249a05b	f5c642b6-03ee-4a0b-939c-ec3d23f1b460	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	MarketingQualified	Incoming	Active	Accepted	\N	40	MSFT	Pellbrook Health Ltd	51to250employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	12500.84	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-04-16 14:56:09.960167+00	2026-04-27 23:14:58.020556+00	\N	2026-04-19 12:35:46.855367+00	\N	2027-03-10 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
64cf262e-56a4-414f-9df6-34954d221691	6d2df04087e3fcb21bff129d3fda41266dd7e28f340fa339ef400ecf71ce7c74	1671545d-24cd-4466-98e0-65997be4388d	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	None	Incoming	Active	Accepted	\N	60	5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b	نورافيل للخدمات اللوجستية ش.م.م	1001to5000employees	EG	القاهرة	nuravillogistics.com.eg	team_email	{nuravillogistics.com.eg}	\N	188000.46	EGP	f	[{"name": "سامر بركودي", "email": "samer.barkudi@nuravillogistics.com.eg", "phone": "+20 555 0170", "title": null}, {"name": "هند النوفلاوي", "email": "hind.nawfalawi@nuravillogistics.com.eg", "phone": "+20 555 0163", "title": null}, {"name": "ليلى الزرقاني", "email": "layla.zarqani@nuravillogistics.com.eg", "phone": "+20 555 0158", "title": null}]	2026-06-03 15:10:24.324155+00	2026-11-02 06:20:35.398558+00	\N	2026-06-14 03:04:50.078657+00	\N	2027-02-05 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
846087f2-1085-4aac-97f6-e99cc6e726da	1016d6a609f474ed5cdd2b59334056d120290c41b1605a1ff369caced8c38396	a7972185-3d91-440b-b086-3a487af83c44	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Active	Accepted	\N	80	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Hölzmar Spedition e.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	118500	EUR	\N	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}, {"name": "Günther Löwenthaler", "email": "guenther.loewenthaler@hoelzmarspedition.de", "phone": "+49 555 0178", "title": null}]	2026-02-20 05:56:50+00	2026-03-05 18:32:50+00	\N	2026-03-05 07:54:54+00	\N	2027-02-08 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
994958ba-4018-46d4-9107-eae3072099f3	d39a1e953e2fdd8d34d6e35a895906c5fd3b7320548132cd53c45a580652ece2	7acd0276-9b50-45ae-83a3-8ebefff23677	Kortiva Foods Inc. - Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Pending	\N	60	\N	Kortiva Foods Inc.	251to1000employees	US	Redmond	kortivafoods-us.com	team_email	{kortivafoods-us.com}	\N	41000.14	USD	t	[{"name": "Sue Smith", "email": "sue.smith@kortivafoods-us.com", "phone": "+1 555 0100", "title": null}]	2026-11-26 05:53:53.747544+00	2026-11-26 05:53:53.747544+00	2026-12-10 05:53:53+00	\N	\N	2026-12-07 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
9ac012c3-6a8d-4685-a801-b9f95e928df4	48ac63c5fb58ebbece5d0da543015263f89b38ea0236af70fcbc6b4f746bf131	be2d25c9-9527-4ef8-bc3b-c645b4200261	Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee & Partners	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Active	Accepted	\N	40	msft	青霧野 製作所 株式会社	51to250employees	JP	大阪市北区	xn--qzwx3i4q6apqeeg.jp	team_email	{xn--qzwx3i4q6apqeeg.jp}	\N	9500	JPY	t	[{"name": "さくら 霧島田", "email": "s.kirishimada@xn--qzwx3i4q6apqeeg.jp", "phone": "+81 555 0139", "title": null}, {"name": "美咲 月岡野", "email": "m.tsukiokano@xn--qzwx3i4q6apqeeg.jp", "phone": "+81 555 0193", "title": null}]	2026-08-06 02:22:52.49862+00	2026-08-14 00:07:14.147284+00	\N	2026-08-14 00:07:14.147284+00	\N	2027-03-14 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
ABF5BC9C-7904-4395-A3D3-54C145624DBF	fcf9c1e2ca2b8a7ec22d02575986510a3c44a4972ecd32f62dc17d529c46d3ce	e7628c2f-0046-4572-9db2-a88993de4274	Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Received	\N	100	msft	Lumetra Insurance Corp.	51to250employees	US	Boise	lumetrainsurance-us.net	team_email	{lumetrainsurance-us.net}	\N	\N	\N	f	[{"name": "Sue Smith", "email": "sue.smith@lumetrainsurance-us.net", "phone": "+1 555 0123", "title": null}]	2026-11-13 03:08:51.357595+00	2026-11-13 03:08:51.357595+00	2026-11-27 03:08:51+00	\N	\N	2026-12-24 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
be0aec78-b4bf-4c6a-bcfe-9e3dbaab9cc6	0a23bdd032f5320ae2a8101c88f7779fcae4768837b20fba5512893a0c85fdec	6380a757-8a3e-47e8-84e2-2754912e6ff5	Κυμολύρα Τρόφιμα Α.Ε. - Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	20	msft	Κυμολύρα Τρόφιμα Α.Ε.	1001to5000employees	GR	Πάτρα	kymolyratrofima.gr	team_email	{kymolyratrofima.gr}	\N	0	EUR	\N	[{"name": "Γιώργος Λυκομήτρος", "email": "g.lykomitros@kymolyratrofima.gr", "phone": "+30 555 0130", "title": null}]	2026-10-08 16:38:35.061443+00	2026-11-16 07:56:27.330131+00	\N	2026-10-14 08:35:52.142879+00	2026-11-14 20:01:02.985697+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
cc10beea-8d96-43bf-b731-cbaaf590750d	bc3e5023e9b31e0e870a0f358ffad5098da5d8291be515c6197bf0c9c2aa15e5	cd6e7158-15eb-4dc1-b594-b748e02fc679	Migration of the print servers	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Closed	Lost	\N	0	MSFT	Hölzmar Spedition e.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	15500	EUR	t	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}, {"name": "Günther Löwenthaler", "email": "guenther.loewenthaler@hoelzmarspedition.de", "phone": "+49 555 0178", "title": null}]	2026-04-01 06:12:31.541264+00	2026-11-27 00:31:31.753861+00	\N	2026-04-06 15:28:19.664183+00	\N	2027-04-02 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
d317f388-891e-40f9-a324-82af4f6d4252	4b6a1f88d076a8240760ca907a1846ed004174a3ebfafc4b7d9c03ec443f75f2	caee1a27-b312-43ec-80ee-4455152a16e4	Orvexa Freight & Storage LLC - Azure landing zone	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	MarketingQualified	Incoming	Active	Accepted	\N	80	msft	Orvexa Freight & Storage LLC	51to250employees	US	Redmond	orvexafreight-us.org	team_email	{orvexafreight-us.org}	\N	170000.56	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@orvexafreight-us.org", "phone": "+1 555 0139", "title": null}]	2026-05-16 18:12:59.083464+00	2026-08-28 10:27:02.188043+00	\N	2026-05-23 02:07:58.869845+00	\N	2026-12-26 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
d5581313-21b3-41d2-96da-3db1e5b27e14	a088d0b275074139a9a31aff28c8d81d9745490370fb5717553ade82cc22b693	f1f28c99-dc9d-4573-85e6-93b027144ebb	Hölzmar Spedition e.V. - Einführung von Dynamics 365 für Außendienst	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	None	Incoming	Closed	Won	\N	40	5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b	Hölzmar Spedition e.V.	51to250employees	DE	Görlitz	hoelzmarspedition.de	external_id	{hoelzmarspedition.de}	\N	73000	EUR	\N	[]	2026-07-31 06:04:45.390059+00	2026-11-27 00:31:14.430306+00	\N	2026-08-01 16:59:13.68529+00	\N	2027-01-21 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
db26db36-6f4c-4b9a-921d-2b5de95206c3	44f7dddc7539d2f0dd4bbbe7dff95e3d2d7e1b74f95ba391cb293685ecb74d3d	1946d0fa-3dcb-4d3b-a963-0e4b55808771	Discover Sensitive Data Workshop	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	New	Pending	\N	80	MSFT	Калинодар Логістика ПрАТ	251to1000employees	UA	Київ	\N	\N	{}	no_candidates	181500	UAH	\N	[]	2026-11-27 00:31:14.430587+00	2026-11-27 00:31:14.430587+00	2026-12-11 00:31:14+00	\N	\N	2026-12-20 00:31:14+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
dde3362c-1e79-427e-aebf-1c0129f13287	0be5cffd63c808ccd8ff942fdc2acd6190d02eb24e7472fe826b53283778a687	6399272a-1ddc-4f15-8771-52d060615e38	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000011	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Lost	\N	20	msft	نورافيل للخدمات اللوجستية ذ.م.م	10to50employees	AE	أبوظبي	nuravil-logistics.ae	team_email	{nuravil-logistics.ae}	\N	589634.172	AED	\N	[{"name": "هند النوفلاوي", "email": "hind.nawfalawi@qq.com", "phone": "+971 555 0153", "title": null}, {"name": "هند النوفلاوي", "email": "hind.nawfalawi@nuravil-logistics.ae", "phone": "+971 555 0153", "title": null}]	2026-03-26 21:36:40.063322+00	2026-11-02 02:30:47.239889+00	\N	2026-04-04 08:14:16.885902+00	2026-10-03 02:28:22.17781+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
e9ee7037-fcfd-4450-8c77-fa7027231eb5	cd0d8a787d19e1300f2d7c857de3ed6ed9f8c675508b03349502c0fe0d8fd3ba	5ab19a76-d7e7-4103-8371-0533d596d313	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Received	\N	60	\N	Pellbrook Health Ltd	1001to5000employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	65000.76	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-11-20 10:47:44.144155+00	2026-11-20 10:47:46.357893+00	2026-12-04 10:47:44+00	\N	\N	2027-02-03 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
f081e0be-a28e-4d43-9314-c4784844dbce	d9073fa83ed81cdae3b88a8377182fd7335883fce2abc05a1183469616559c90	f5c642b6-03ee-4a0b-939c-ec3d23f1b460	Pellbrook Health Ltd - Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Pending	\N	100	msft	Pellbrook Health Ltd	\N	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	98000	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-11-13 09:57:25.357595+00	2026-11-13 09:57:25.357595+00	2026-11-27 09:57:25+00	\N	\N	2026-12-26 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
f5738bd4-213f-488c-bcb3-fe2a3268ac50	bae6bbd667bf7c527fec4ecf13307371281e35a19ecd7cf61a59d1ccd71f088b	a20cfc74-005d-4891-a54f-9cdcedc75630	Denizmert İnşaat Ltd. Şti. - Microsoft 365 geçişi	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Independent	SalesQualified	Incoming	Active	Accepted	\N	100	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Denizmert İnşaat Ltd. Şti.	10to50employees	\N	\N	\N	\N	{}	disposable	154500.92	TRY	t	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@guerrillamail.com", "phone": "+90 555 0106", "title": null}]	2026-05-26 15:38:53.716623+00	2026-07-04 22:35:53.582085+00	\N	2026-06-08 15:07:08.27708+00	\N	2027-01-21 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
fb976b85-f5e6-430f-92cb-8255ae610a76	d8d0f99ba317a859c1bea3a0db54c5ebedfb3b36a7e0c0174a22435b9395c897	ba05bd90-ce2a-4966-ade0-f1e7bbd00380	Windows 365 for branch offices	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	Closed	Declined	\N	80	\N	Denizmert İnşaat Ltd. Şti.	251to1000employees	TR	İzmir	denizmertinsaat.com.tr	team_email	{denizmertinsaat.com.tr}	\N	29000	TRY	f	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@denizmertinsaat.com.tr", "phone": "+90 555 0106", "title": null}]	2026-10-31 22:56:10.861523+00	2026-11-15 13:10:33.515753+00	\N	\N	2026-11-15 13:10:33.515753+00	2026-11-27 00:30:21+00	{}	aefc6a771d8616fcbc1c9a490e0209ef6e882c487a2d4fcc304ddad1085bc8f3	2026-11-27 00:32:39.448044+00
\.


--
-- Data for Name: partner_center_referrals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.partner_center_referrals (referral_id, content_hash, engagement_id, name, organization_id, organization_name, external_reference_id, referral_type, referral_type_reason, type, qualification, direction, status, substatus, status_reason, sales_stage, invited_by_organization_id, company_name, company_size, country, city, domain, domain_source, domain_candidates, domain_reason, deal_value, currency, customer_requested_contact, contacts, source_created_at, source_updated_at, expires_at, accepted_at, closed_at, expected_close_at, field_errors, azure_tenant_id, missing_since, synced_at, created_at, updated_at) FROM stdin;
059a419f-f012-4fd2-9dd9-a44ac823374a	7001443f0e4baa651f7ed2d06f3eaa568f5649d331853b524876f1e5edbb7a65	fbe52fc1-e46e-4f43-b95a-c2199a7e2b30	Thornmarsh Logistics PLC - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000008	solution-provider	\N	Independent	MarketingQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Thornmarsh Logistics PLC	\N	GB	Aberystwyth	\N	\N	{}	no_candidates	148000	GBP	\N	[]	2025-12-08 14:02:12.268441+00	2026-11-19 06:55:24.779854+00	\N	2025-12-09 06:44:26.601278+00	2026-10-28 22:20:24.392902+00	2026-11-27 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
10a376a2-0ec9-4137-8499-818fb79e3911	f2af899b56c3b074cfb473088203079b7dcbc86953fdc00ed264b91d998ecee4	5fbdf58c-fd1b-461b-adee-752f3326e949	Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000013	marketplace	\N	Independent	Direct	Incoming	Active	Accepted	\N	40	\N	白波坂 食品 株式会社	\N	JP	大阪市北区	shiranamizaka-shokuhin.jp	external_id	{shiranamizaka-shokuhin.jp}	\N	\N	\N	\N	[]	2026-08-26 04:30:22+00	2026-09-02 03:47:04+00	\N	2026-08-31 03:36:10+00	\N	2027-01-04 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
2397d7a6-858f-4a50-abfb-79cebff844b1	cb7e5846348b8a1c541a8e5fcd119e7c21c2af5add242f489029cb1d97104fd6	328139a9-aad5-4d7e-af3f-53cde69c4010	\N	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	\N	Closed	Declined	\N	\N	\N	Coëtvaux Agroalimentaire S.A.R.L.	10to50employees	FR	Évry	\N	\N	{}	no_candidates	\N	EUR	\N	[]	2026-01-22 18:27:41.252816+00	2026-10-14 11:17:02.333107+00	\N	\N	\N	2026-11-27 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
07A76954-4814-4E03-87AC-59DECCDA1EF9	5c949d53ed6c2b4543d3dac1052361c04baf69782adf67611cb2d9ee26018469	3ffc17fe-edbc-4a7d-a636-e1099a6b733c	Lumetra Insurance Corp. - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Lumetra Insurance Corp.	\N	US	Boise	\N	\N	{}	consumer	0	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@icloud.com", "phone": "+1 555 0123", "title": null}]	2025-12-05 10:18:45.032617+00	2026-08-10 12:42:48.660693+00	\N	2025-12-06 22:19:26.61066+00	2026-07-23 14:33:50.364578+00	2026-11-27 00:30:21+00	{}	\N	2026-11-27 00:31:42.604301+00	2026-11-27 00:31:07.024314+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
dde3362c-1e79-427e-aebf-1c0129f13287	0be5cffd63c808ccd8ff942fdc2acd6190d02eb24e7472fe826b53283778a687	6399272a-1ddc-4f15-8771-52d060615e38	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000011	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Lost	\N	20	msft	نورافيل للخدمات اللوجستية ذ.م.م	10to50employees	AE	أبوظبي	nuravil-logistics.ae	team_email	{nuravil-logistics.ae}	\N	589634.172	AED	\N	[{"name": "هند النوفلاوي", "email": "hind.nawfalawi@qq.com", "phone": "+971 555 0153", "title": null}, {"name": "هند النوفلاوي", "email": "hind.nawfalawi@nuravil-logistics.ae", "phone": "+971 555 0153", "title": null}]	2026-03-26 21:36:40.063322+00	2026-11-02 02:30:47.239889+00	\N	2026-04-04 08:14:16.885902+00	2026-10-03 02:28:22.17781+00	2026-11-27 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
34310e11-bb28-4d19-98a3-0737e2e8c114	61a8243e60920c84f373735b8fd3b736013675df41b89d5b3592df608347740c	d1ed654d-0a30-4d54-beb9-6dac875dbcf6	Microsoft 365 geçişi	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000014	co-sell	\N	Shared	SalesQualified	Incoming	Active	Accepted	\N	60	msft	Denizmert İnşaat Ltd. Şti.	1to9employees	TR	İzmir	denizmertinsaat.com.tr	team_email	{denizmertinsaat.com.tr}	\N	170000	TRY	\N	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@denizmertinsaat.com.tr", "phone": "+90 555 0106", "title": null}]	2025-12-16 03:36:24.819793+00	2026-09-24 16:21:38.180233+00	\N	2025-12-17 18:47:49.415824+00	\N	2027-01-01 00:30:21+00	{}	32135d82-e455-43fe-a8c1-b9497dd1bd6a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
846087f2-1085-4aac-97f6-e99cc6e726da	1016d6a609f474ed5cdd2b59334056d120290c41b1605a1ff369caced8c38396	a7972185-3d91-440b-b086-3a487af83c44	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Active	Accepted	\N	80	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Hölzmar Spedition e.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	118500	EUR	\N	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}, {"name": "Günther Löwenthaler", "email": "guenther.loewenthaler@hoelzmarspedition.de", "phone": "+49 555 0178", "title": null}]	2026-02-20 05:56:50+00	2026-03-05 18:32:50+00	\N	2026-03-05 07:54:54+00	\N	2027-02-08 00:30:21+00	{}	db65818e-5e62-47af-a99f-1b29a585e957	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
4d233cb4-05cb-4517-9bcf-ddde7b2c6fa6	51aa38561ce61a30f125b4f0a8bd3d98b4930056d114e3f324637c00e064ea03	ceb017fe-918d-4c2e-b5cf-4c8edf544166	Einführung von Dynamics 365 für Außendienst	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000005	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	20	msft	HÖLZMAR SPEDITION E.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	39500	EUR	\N	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@tr.hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}]	2026-02-06 00:45:44+00	2026-10-25 06:47:30+00	\N	2026-02-09 01:34:58+00	2026-06-30 03:12:58+00	2026-11-27 00:30:21+00	{}	db65818e-5e62-47af-a99f-1b29a585e957	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
ABF5BC9C-7904-4395-A3D3-54C145624DBF	fcf9c1e2ca2b8a7ec22d02575986510a3c44a4972ecd32f62dc17d529c46d3ce	e7628c2f-0046-4572-9db2-a88993de4274	Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Received	\N	100	msft	Lumetra Insurance Corp.	51to250employees	US	Boise	lumetrainsurance-us.net	team_email	{lumetrainsurance-us.net}	\N	\N	\N	f	[{"name": "Sue Smith", "email": "sue.smith@lumetrainsurance-us.net", "phone": "+1 555 0123", "title": null}]	2026-11-13 03:08:51.357595+00	2026-11-13 03:08:51.357595+00	2026-11-27 03:08:51+00	\N	\N	2026-12-24 00:30:21+00	{}	58ecc99d-9168-4674-b5d4-44c049f300d3	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
07a76954-4814-4e03-87ac-59deccda1ef9	725b114fc8eab23870aa93df096342dc66271d5cd237d2e92bb036926c751f3b	3ffc17fe-edbc-4a7d-a636-e1099a6b733c	Lumetra Insurance Corp. - Microsoft 365 migration	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	100	msft	Lumetra Insurance Corp.	\N	US	Boise	\N	\N	{}	consumer	0	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@icloud.com", "phone": "+1 555 0123", "title": null}]	2025-12-05 10:18:45.032617+00	2026-11-20 10:00:00+00	\N	2025-12-06 22:19:26.61066+00	2026-07-23 14:33:50.364578+00	2026-11-27 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:42.604301+00	2026-11-27 00:31:42.604301+00
2eb698b3-f7d5-4d04-bb33-a444255e45ad	e1ff8cfd311e6b934f8ebb02e5455813ef7d6c466fed2eebd3d9b7721bf7860f	7e3a9d72-f36a-4b0b-91f2-baaf821686f4	Thornmarsh Logistics PLC - Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Declined	\N	40	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Thornmarsh Logistics PLC	\N	GB	Aberystwyth	thornmarsh-logistics.co.uk	team_email	{thornmarsh-logistics.co.uk}	\N	35000	GBP	\N	[{"name": "Sue Smith", "email": "sue.smith@corp.thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}, {"name": "Sue Smith", "email": "sue.smith.2@thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}]	2026-03-28 23:59:58.814963+00	2026-11-10 21:12:45.405615+00	\N	\N	2026-11-10 21:12:45.405615+00	2026-11-27 00:30:21+00	{}	e9c5b9b8-a07b-47e1-a199-3a337c61362f	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
514791b3-ad1e-400b-82b0-60cd0a08a033	032f0ccdef202e6cdc2d0e018a4bcb8d3d201b15010f14235ce017f49c9e58e0	5ab19a76-d7e7-4103-8371-0533d596d313	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	Closed	Lost	\N	100	MSFT	Pellbrook Health Ltd	1001to5000employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	154500	GBP	t	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-06-14 04:41:21.822341+00	2026-11-07 11:43:15.8582+00	\N	2026-06-17 18:56:58.829007+00	2026-10-09 14:27:05.230363+00	2026-11-27 00:30:21+00	{}	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
568c6f34-3afd-4055-9377-255a6838d27a	14cda8eeb3475184823bfec6b26ebd07eb040b10843df96bbca180997249a05b	f5c642b6-03ee-4a0b-939c-ec3d23f1b460	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	MarketingQualified	Incoming	Active	Accepted	\N	40	MSFT	Pellbrook Health Ltd	51to250employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	12500.84	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-04-16 14:56:09.960167+00	2026-04-27 23:14:58.020556+00	\N	2026-04-19 12:35:46.855367+00	\N	2027-03-10 00:30:21+00	{}	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
d5581313-21b3-41d2-96da-3db1e5b27e14	a088d0b275074139a9a31aff28c8d81d9745490370fb5717553ade82cc22b693	f1f28c99-dc9d-4573-85e6-93b027144ebb	Hölzmar Spedition e.V. - Einführung von Dynamics 365 für Außendienst	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	None	Incoming	Closed	Won	\N	40	5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b	Hölzmar Spedition e.V.	51to250employees	DE	Görlitz	hoelzmarspedition.de	external_id	{hoelzmarspedition.de}	\N	73000	EUR	\N	[]	2026-07-31 06:04:45.390059+00	2026-11-27 00:31:14.430306+00	\N	2026-08-01 16:59:13.68529+00	\N	2027-01-21 00:30:21+00	{}	db65818e-5e62-47af-a99f-1b29a585e957	\N	2026-11-27 00:32:39.119925+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:27.74371+00
64cf262e-56a4-414f-9df6-34954d221691	6d2df04087e3fcb21bff129d3fda41266dd7e28f340fa339ef400ecf71ce7c74	1671545d-24cd-4466-98e0-65997be4388d	Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	None	Incoming	Active	Accepted	\N	60	5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b	نورافيل للخدمات اللوجستية ش.م.م	1001to5000employees	EG	القاهرة	nuravillogistics.com.eg	team_email	{nuravillogistics.com.eg}	\N	188000.46	EGP	f	[{"name": "سامر بركودي", "email": "samer.barkudi@nuravillogistics.com.eg", "phone": "+20 555 0170", "title": null}, {"name": "هند النوفلاوي", "email": "hind.nawfalawi@nuravillogistics.com.eg", "phone": "+20 555 0163", "title": null}, {"name": "ليلى الزرقاني", "email": "layla.zarqani@nuravillogistics.com.eg", "phone": "+20 555 0158", "title": null}]	2026-06-03 15:10:24.324155+00	2026-11-02 06:20:35.398558+00	\N	2026-06-14 03:04:50.078657+00	\N	2027-02-05 00:30:21+00	{}	e51e2a2f-ffac-48b0-986c-b4a685d74227	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
9ac012c3-6a8d-4685-a801-b9f95e928df4	48ac63c5fb58ebbece5d0da543015263f89b38ea0236af70fcbc6b4f746bf131	be2d25c9-9527-4ef8-bc3b-c645b4200261	Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee & Partners	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Active	Accepted	\N	40	msft	青霧野 製作所 株式会社	51to250employees	JP	大阪市北区	xn--qzwx3i4q6apqeeg.jp	team_email	{xn--qzwx3i4q6apqeeg.jp}	\N	9500	JPY	t	[{"name": "さくら 霧島田", "email": "s.kirishimada@xn--qzwx3i4q6apqeeg.jp", "phone": "+81 555 0139", "title": null}, {"name": "美咲 月岡野", "email": "m.tsukiokano@xn--qzwx3i4q6apqeeg.jp", "phone": "+81 555 0193", "title": null}]	2026-08-06 02:22:52.49862+00	2026-08-14 00:07:14.147284+00	\N	2026-08-14 00:07:14.147284+00	\N	2027-03-14 00:30:21+00	{}	6b2683b3-2ee0-4364-8169-deb91b718911	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
be0aec78-b4bf-4c6a-bcfe-9e3dbaab9cc6	0a23bdd032f5320ae2a8101c88f7779fcae4768837b20fba5512893a0c85fdec	6380a757-8a3e-47e8-84e2-2754912e6ff5	Κυμολύρα Τρόφιμα Α.Ε. - Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Closed	Won	Customer engagement was a success!	20	msft	Κυμολύρα Τρόφιμα Α.Ε.	1001to5000employees	GR	Πάτρα	kymolyratrofima.gr	team_email	{kymolyratrofima.gr}	\N	0	EUR	\N	[{"name": "Γιώργος Λυκομήτρος", "email": "g.lykomitros@kymolyratrofima.gr", "phone": "+30 555 0130", "title": null}]	2026-10-08 16:38:35.061443+00	2026-11-16 07:56:27.330131+00	\N	2026-10-14 08:35:52.142879+00	2026-11-14 20:01:02.985697+00	2026-11-27 00:30:21+00	{}	cca777bd-a785-4b16-bb45-a9fdb7cadd6f	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
d317f388-891e-40f9-a324-82af4f6d4252	4b6a1f88d076a8240760ca907a1846ed004174a3ebfafc4b7d9c03ec443f75f2	caee1a27-b312-43ec-80ee-4455152a16e4	Orvexa Freight & Storage LLC - Azure landing zone	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	MarketingQualified	Incoming	Active	Accepted	\N	80	msft	Orvexa Freight & Storage LLC	51to250employees	US	Redmond	orvexafreight-us.org	team_email	{orvexafreight-us.org}	\N	170000.56	USD	\N	[{"name": "Sue Smith", "email": "sue.smith@orvexafreight-us.org", "phone": "+1 555 0139", "title": null}]	2026-05-16 18:12:59.083464+00	2026-08-28 10:27:02.188043+00	\N	2026-05-23 02:07:58.869845+00	\N	2026-12-26 00:30:21+00	{}	044860e6-bcdd-47f7-8697-f0ed1248c0c1	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
cc10beea-8d96-43bf-b731-cbaaf590750d	bc3e5023e9b31e0e870a0f358ffad5098da5d8291be515c6197bf0c9c2aa15e5	cd6e7158-15eb-4dc1-b594-b748e02fc679	Migration of the print servers	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	solution-provider	\N	Independent	SalesQualified	Incoming	Closed	Lost	\N	0	MSFT	Hölzmar Spedition e.V.	1001to5000employees	DE	Görlitz	hoelzmarspedition.de	team_email	{hoelzmarspedition.de}	\N	15500	EUR	t	[{"name": "Jörg Brünnhagen", "email": "joerg.bruennhagen@hoelzmarspedition.de", "phone": "+49 555 0119", "title": null}, {"name": "Günther Löwenthaler", "email": "guenther.loewenthaler@hoelzmarspedition.de", "phone": "+49 555 0178", "title": null}]	2026-04-01 06:12:31.541264+00	2026-11-27 00:31:31.753861+00	\N	2026-04-06 15:28:19.664183+00	\N	2027-04-02 00:30:21+00	{}	db65818e-5e62-47af-a99f-1b29a585e957	\N	2026-11-27 00:32:39.119925+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:42.604301+00
e9ee7037-fcfd-4450-8c77-fa7027231eb5	cd0d8a787d19e1300f2d7c857de3ed6ed9f8c675508b03349502c0fe0d8fd3ba	5ab19a76-d7e7-4103-8371-0533d596d313	Copilot readiness	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Received	\N	60	\N	Pellbrook Health Ltd	1001to5000employees	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	65000.76	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-11-20 10:47:44.144155+00	2026-11-20 10:47:46.357893+00	2026-12-04 10:47:44+00	\N	\N	2027-02-03 00:30:21+00	{}	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
f081e0be-a28e-4d43-9314-c4784844dbce	d9073fa83ed81cdae3b88a8377182fd7335883fce2abc05a1183469616559c90	f5c642b6-03ee-4a0b-939c-ec3d23f1b460	Pellbrook Health Ltd - Security assessment	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Pending	\N	100	msft	Pellbrook Health Ltd	\N	GB	Aberystwyth	pellbrook-health-gb.com	team_email	{pellbrook-health-gb.com}	\N	98000	GBP	\N	[{"name": "Siobhan O'Dell", "email": "siobhan.odell@pellbrook-health-gb.com", "phone": "+44 555 0158", "title": null}]	2026-11-13 09:57:25.357595+00	2026-11-13 09:57:25.357595+00	2026-11-27 09:57:25+00	\N	\N	2026-12-26 00:30:21+00	{}	f70fede4-f9b6-4aac-a6e8-baaf9d0e640a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
f5738bd4-213f-488c-bcb3-fe2a3268ac50	bae6bbd667bf7c527fec4ecf13307371281e35a19ecd7cf61a59d1ccd71f088b	a20cfc74-005d-4891-a54f-9cdcedc75630	Denizmert İnşaat Ltd. Şti. - Microsoft 365 geçişi	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Independent	SalesQualified	Incoming	Active	Accepted	\N	100	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Denizmert İnşaat Ltd. Şti.	10to50employees	\N	\N	\N	\N	{}	disposable	154500.92	TRY	t	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@guerrillamail.com", "phone": "+90 555 0106", "title": null}]	2026-05-26 15:38:53.716623+00	2026-07-04 22:35:53.582085+00	\N	2026-06-08 15:07:08.27708+00	\N	2027-01-21 00:30:21+00	{}	\N	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
fb976b85-f5e6-430f-92cb-8255ae610a76	d8d0f99ba317a859c1bea3a0db54c5ebedfb3b36a7e0c0174a22435b9395c897	ba05bd90-ce2a-4966-ade0-f1e7bbd00380	Windows 365 for branch offices	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	Closed	Declined	\N	80	\N	Denizmert İnşaat Ltd. Şti.	251to1000employees	TR	İzmir	denizmertinsaat.com.tr	team_email	{denizmertinsaat.com.tr}	\N	29000	TRY	f	[{"name": "İpek Şahbazgil", "email": "ipek.sahbazgil@denizmertinsaat.com.tr", "phone": "+90 555 0106", "title": null}]	2026-10-31 22:56:10.861523+00	2026-11-15 13:10:33.515753+00	\N	\N	2026-11-15 13:10:33.515753+00	2026-11-27 00:30:21+00	{}	32135d82-e455-43fe-a8c1-b9497dd1bd6a	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
26ffeb37-4a85-4550-8f49-5acdf7f29283	42116fff72026572f484473e3dae472a96d374972396a43f76805de0b2b31cbc	97fce4ad-0ba1-47e0-bbef-4a37b470f127	Windows 365 for branch offices	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	CRM-000004	marketplace	\N	Independent	Direct	Incoming	Active	Accepted	\N	100	MSFT	Thornmarsh Logistics PLC	10to50employees	GB	Aberystwyth	thornmarsh-logistics.co.uk	team_email	{thornmarsh-logistics.co.uk}	\N	0	GBP	t	[{"name": "Sue Smith", "email": "sue.smith@thornmarsh-logistics.co.uk", "phone": "+44 555 0159", "title": null}]	2026-03-25 00:58:50+00	2026-04-01 12:28:12+00	\N	2026-04-01 12:28:12+00	\N	2027-05-14 00:30:21+00	{}	e9c5b9b8-a07b-47e1-a199-3a337c61362f	2026-11-27 00:31:42.604301+00	2026-11-27 00:31:07.024314+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:08.751262+00
994958ba-4018-46d4-9107-eae3072099f3	d39a1e953e2fdd8d34d6e35a895906c5fd3b7320548132cd53c45a580652ece2	7acd0276-9b50-45ae-83a3-8ebefff23677	Kortiva Foods Inc. - Dynamics 365 for Field Service	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	marketplace	\N	Independent	Direct	Incoming	New	Pending	\N	60	\N	Kortiva Foods Inc.	251to1000employees	US	Redmond	kortivafoods-us.com	team_email	{kortivafoods-us.com}	\N	41000.14	USD	t	[{"name": "Sue Smith", "email": "sue.smith@kortivafoods-us.com", "phone": "+1 555 0100", "title": null}]	2026-11-26 05:53:53.747544+00	2026-11-26 05:53:53.747544+00	2026-12-10 05:53:53+00	\N	\N	2026-12-07 00:30:21+00	{}	fc366dcd-09ef-4cf5-9c60-fbc4810dc55f	\N	2026-11-27 00:31:41.370161+00	2026-11-27 00:31:08.751262+00	2026-11-27 00:31:54.645887+00
db26db36-6f4c-4b9a-921d-2b5de95206c3	44f7dddc7539d2f0dd4bbbe7dff95e3d2d7e1b74f95ba391cb293685ecb74d3d	1946d0fa-3dcb-4d3b-a963-0e4b55808771	Discover Sensitive Data Workshop	1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d	Fourth Coffee Consulting	\N	co-sell	\N	Shared	SalesQualified	Incoming	New	Pending	\N	80	MSFT	Калинодар Логістика ПрАТ	251to1000employees	UA	Київ	\N	\N	{}	no_candidates	181500	UAH	\N	[]	2026-11-27 00:31:14.430587+00	2026-11-27 00:31:14.430587+00	2026-12-11 00:31:14+00	\N	\N	2026-12-20 00:31:14+00	{}	\N	\N	2026-11-27 00:32:39.119925+00	2026-11-27 00:31:27.74371+00	2026-11-27 00:31:27.74371+00
\.


--
-- Data for Name: quarantined_referrals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.quarantined_referrals (id, payload, reason, content_hash, run_id, quarantined_at, seen_at, erased) FROM stdin;
1	{"id":7,"name":"a referral without a usable id","updatedDateTime":"2026-11-20T10:00:00Z"}	id_not_text	d355218aeee0b464fcada5258dd3c76f6e2164dfcbaa06db17d5f5952033f8b6	74688482-850b-4439-a44b-525cca0e3120	2026-11-27 00:31:41.40502+00	2026-11-27 00:31:41.40502+00	f
\.


--
-- Data for Name: raw_referrals; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.raw_referrals (id, referral_id, payload, content_hash, source_updated_at, source_updated_key, repaired, fetched_at, seen_at, run_id, erased) FROM stdin;
2	07A76954-4814-4E03-87AC-59DECCDA1EF9	{"id": "07A76954-4814-4E03-87AC-59DECCDA1EF9", "eTag": "\\"959c5fb7-0000-0800-0000-efe52fce0000\\"", "name": "Lumetra Insurance Corp. - Microsoft 365 migration", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0144", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/07a76954-4814-4e03-87ac-59deccda1ef9", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '3ffc17fe-edbc-4a7d-a636-e1099a6b733c'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-37779-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Sue Smith on +1 555 0123 or write to sue.smith@lumetrainsurance-us.net.", "currency": "USD", "dealValue": 0, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "dcc3faaa-3011-427a-a269-6dd5eb4f3b8d", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Manufacturing"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "3ffc17fe-edbc-4a7d-a636-e1099a6b733c", "statusReason": "Customer engagement was a success!", "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-07-23T14:33:50.3645780Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2025-12-05T10:18:45.0326170Z", "customerProfile": {"ids": [{"id": "883250759", "profileType": "Duns"}], "name": "Lumetra Insurance Corp.", "size": null, "team": [{"email": "sue.smith@icloud.com", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+1 555 0123", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Boise", "state": null, "region": null, "country": "US", "postalCode": "83702", "addressLine1": "Example Street 80", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-08-10T12:42:48.6606930Z", "acceptedDateTime": "2025-12-06T22:19:26.6106600Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	5c949d53ed6c2b4543d3dac1052361c04baf69782adf67611cb2d9ee26018469	2026-08-10 12:42:48.660693+00	2026-08-10T12:42:48.6606930Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:07.024314+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
5	26ffeb37-4a85-4550-8f49-5acdf7f29283	{"id": "26ffeb37-4a85-4550-8f49-5acdf7f29283", "eTag": "\\"ee571231-0000-0800-0000-c6108f190000\\"", "name": "Windows 365 for branch offices", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0151", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/26ffeb37-4a85-4550-8f49-5acdf7f29283", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '97fce4ad-0ba1-47e0-bbef-4a37b470f127'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-90826-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "", "currency": "GBP", "dealValue": 0, "requirements": {"products": [{"id": "WindowsServer"}], "services": [{"id": "ManagedServices"}], "solutions": [{"id": "503bdb9c-2bec-4d84-9795-bf3dad66286b", "name": "Dynamics 365 for Field Service", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-05-14T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "97fce4ad-0ba1-47e0-bbef-4a37b470f127", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-03-25T00:58:50Z", "customerProfile": {"ids": [], "name": "Thornmarsh Logistics PLC", "size": "10to50employees", "team": [{"email": "sue.smith@thornmarsh-logistics.co.uk", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+44 555 0159", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 76", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-04-01T12:28:12Z", "acceptedDateTime": "2026-04-01T12:28:12Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000004"}	42116fff72026572f484473e3dae472a96d374972396a43f76805de0b2b31cbc	2026-04-01 12:28:12+00	2026-04-01T12:28:12.0000000Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:07.024314+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
17	cc10beea-8d96-43bf-b731-cbaaf590750d	{"id": "cc10beea-8d96-43bf-b731-cbaaf590750d", "eTag": "\\"c57363f0-0000-0800-0000-972721980000\\"", "name": "Hölzmar Spedition e.V. - Copilot readiness", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0143", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/cc10beea-8d96-43bf-b731-cbaaf590750d", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'cd6e7158-15eb-4dc1-b594-b748e02fc679'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-47320-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Please call Jörg Brünnhagen on +49 555 0119 or write to joerg.bruennhagen@hoelzmarspedition.de.", "currency": "EUR", "dealValue": 15500, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "70b9f53c-6e20-436b-900c-2ae8e5d38805", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-04-02T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "0", "callToAction": null, "engagementId": "cd6e7158-15eb-4dc1-b594-b748e02fc679", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-04-01T06:12:31.5412645Z", "customerProfile": {"ids": [], "name": "Hölzmar Spedition e.V.", "size": "1001to5000employees", "team": [{"email": "joerg.bruennhagen@hoelzmarspedition.de", "title": null, "lastName": "Brünnhagen", "firstName": "Jörg", "phoneNumber": "+49 555 0119", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "guenther.loewenthaler@hoelzmarspedition.de", "title": null, "lastName": "Löwenthaler", "firstName": "Günther", "phoneNumber": "+49 555 0178", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 119", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-05-24T21:29:02.1655305Z", "acceptedDateTime": "2026-04-06T15:28:19.6641835Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	61292ef2c10f476ff6fe3e2012b10d89694a4469da59b334383d31a76389e755	2026-05-24 21:29:02.16553+00	2026-05-24T21:29:02.1655305Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:07.024314+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
19	d5581313-21b3-41d2-96da-3db1e5b27e14	{"id": "d5581313-21b3-41d2-96da-3db1e5b27e14", "eTag": "\\"47a53181-0000-0800-0000-68431bae0000\\"", "name": "Hölzmar Spedition e.V. - Einführung von Dynamics 365 für Außendienst", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0138", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/d5581313-21b3-41d2-96da-3db1e5b27e14", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'f1f28c99-dc9d-4573-85e6-93b027144ebb'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-75945-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": null, "currency": "EUR", "dealValue": 73000, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "e1bb7b14-5507-4cc3-80e9-6db4fde165d8", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-01-21T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "f1f28c99-dc9d-4573-85e6-93b027144ebb", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b", "organizationName": "Adventure Works"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "None", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-07-31T06:04:45.390059Z", "customerProfile": {"ids": [{"id": "https://www.hoelzmarspedition.de/contact?lang=en#top", "profileType": "External"}], "name": "Hölzmar Spedition e.V.", "size": "51to250employees", "team": null, "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 155", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-08-03T10:52:14.326772Z", "acceptedDateTime": "2026-08-01T16:59:13.685290Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	a262da86b0c8d893d96d9280269330d12f5990abe73a4adf1f0604cdc02ef698	2026-08-03 10:52:14.326772+00	2026-08-03T10:52:14.3267720Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:07.024314+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
1	059a419f-f012-4fd2-9dd9-a44ac823374a	{"id": "059a419f-f012-4fd2-9dd9-a44ac823374a", "eTag": "\\"dca83679-0000-0800-0000-62033acc0000\\"", "name": "Thornmarsh Logistics PLC - Microsoft 365 migration", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0160", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/059a419f-f012-4fd2-9dd9-a44ac823374a", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'fbe52fc1-e46e-4f43-b95a-c2199a7e2b30'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-78413-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Sue Smith on +44 555 0159 or write to sue.smith@thornmarsh-logistics.co.uk.", "currency": "GBP", "dealValue": 148000, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "84f98542-62f9-4978-9e06-b5930373033b", "name": "Dynamics 365 for Field Service", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "fbe52fc1-e46e-4f43-b95a-c2199a7e2b30", "statusReason": "Customer engagement was a success!", "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "MarketingQualified", "registrations": [], "closedDateTime": "2026-10-28T22:20:24.3929027Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2025-12-08T14:02:12.2684417Z", "customerProfile": {"ids": {}, "name": "Thornmarsh Logistics PLC", "size": null, "team": null, "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 89", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-19T06:55:24.7798547Z", "acceptedDateTime": "2025-12-09T06:44:26.6012787Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000008"}	7001443f0e4baa651f7ed2d06f3eaa568f5649d331853b524876f1e5edbb7a65	2026-11-19 06:55:24.779854+00	2026-11-19T06:55:24.7798547Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
26	cc10beea-8d96-43bf-b731-cbaaf590750d	{"id": "cc10beea-8d96-43bf-b731-cbaaf590750d", "eTag": "\\"44767981-0000-0800-0000-77cc40320000\\"", "name": "Migration of the print servers", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0143", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/cc10beea-8d96-43bf-b731-cbaaf590750d", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'cd6e7158-15eb-4dc1-b594-b748e02fc679'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-47320-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Please call Jörg Brünnhagen on +49 555 0119 or write to joerg.bruennhagen@hoelzmarspedition.de.", "currency": "EUR", "dealValue": 15500, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "70b9f53c-6e20-436b-900c-2ae8e5d38805", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-04-02T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "0", "callToAction": null, "engagementId": "cd6e7158-15eb-4dc1-b594-b748e02fc679", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-04-01T06:12:31.5412645Z", "customerProfile": {"ids": [], "name": "Hölzmar Spedition e.V.", "size": "1001to5000employees", "team": [{"email": "joerg.bruennhagen@hoelzmarspedition.de", "title": null, "lastName": "Brünnhagen", "firstName": "Jörg", "phoneNumber": "+49 555 0119", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "guenther.loewenthaler@hoelzmarspedition.de", "title": null, "lastName": "Löwenthaler", "firstName": "Günther", "phoneNumber": "+49 555 0178", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 119", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-27T00:31:14.4299740Z", "acceptedDateTime": "2026-04-06T15:28:19.6641835Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	ed0fa7fbe8e50f6cb933c6121a0da3de0085e4f3b84ea4b7f33c5250faa98719	2026-11-27 00:31:14.429974+00	2026-11-27T00:31:14.4299740Z	f	2026-11-27 00:31:26.77122+00	2026-11-27 00:31:26.720848+00	dc906f73-4cf8-4848-a582-51d078d84452	f
30	07a76954-4814-4e03-87ac-59deccda1ef9	{"id": "07a76954-4814-4e03-87ac-59deccda1ef9", "eTag": "\\"959c5fb7-0000-0800-0000-efe52fce0000\\"", "name": "Lumetra Insurance Corp. - Microsoft 365 migration", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0144", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/07a76954-4814-4e03-87ac-59deccda1ef9", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '3ffc17fe-edbc-4a7d-a636-e1099a6b733c'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-37779-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Sue Smith on +1 555 0123 or write to sue.smith@lumetrainsurance-us.net.", "currency": "USD", "dealValue": 0, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "dcc3faaa-3011-427a-a269-6dd5eb4f3b8d", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Manufacturing"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "3ffc17fe-edbc-4a7d-a636-e1099a6b733c", "statusReason": "Customer engagement was a success!", "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-07-23T14:33:50.3645780Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2025-12-05T10:18:45.0326170Z", "customerProfile": {"ids": [{"id": "883250759", "profileType": "Duns"}], "name": "Lumetra Insurance Corp.", "size": null, "team": [{"email": "sue.smith@icloud.com", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+1 555 0123", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Boise", "state": null, "region": null, "country": "US", "postalCode": "83702", "addressLine1": "Example Street 80", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-11-20T10:00:00.0000000Z", "acceptedDateTime": "2025-12-06T22:19:26.6106600Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	725b114fc8eab23870aa93df096342dc66271d5cd237d2e92bb036926c751f3b	2026-11-20 10:00:00+00	2026-11-20T10:00:00.0000000Z	f	2026-11-27 00:31:41.40502+00	2026-11-27 00:31:41.370161+00	74688482-850b-4439-a44b-525cca0e3120	f
3	10a376a2-0ec9-4137-8499-818fb79e3911	{"id": "10a376a2-0ec9-4137-8499-818fb79e3911", "eTag": "\\"b4c4beff-0000-0800-0000-a949f29b0000\\"", "name": "Dynamics 365 for Field Service", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0178", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/10a376a2-0ec9-4137-8499-818fb79e3911", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '5fbdf58c-fd1b-461b-adee-752f3326e949'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-91247-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Customer is looking to leverage Dynamics 365 to manage their supply chain.", "currency": null, "dealValue": null, "requirements": {"products": [{"id": "Dynamics365Enterprise"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "3a35c813-cb05-4e74-a7ed-8c1b322738a7", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-01-04T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "5fbdf58c-fd1b-461b-adee-752f3326e949", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": null, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-08-26T04:30:22Z", "customerProfile": {"ids": [{"id": "WWW.shiranamizaka-shokuhin.jp", "profileType": "External"}], "name": "白波坂 食品 株式会社", "size": null, "team": [], "address": {"city": "大阪市北区", "state": null, "region": null, "country": "JP", "postalCode": "530-0001", "addressLine1": "Example Street 3", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-09-02T03:47:04Z", "acceptedDateTime": "2026-08-31T03:36:10Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000013"}	f2af899b56c3b074cfb473088203079b7dcbc86953fdc00ed264b91d998ecee4	2026-09-02 03:47:04+00	2026-09-02T03:47:04.0000000Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
4	2397d7a6-858f-4a50-abfb-79cebff844b1	{"id": "2397d7a6-858f-4a50-abfb-79cebff844b1", "eTag": "\\"dee25924-0000-0800-0000-7bec8a660000\\"", "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0173", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/2397d7a6-858f-4a50-abfb-79cebff844b1", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '328139a9-aad5-4d7e-af3f-53cde69c4010'", "method": "GET"}}, "status": "Closed", "target": [{"id": "SOL-51727-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true}, "details": {"notes": null, "currency": "EUR", "dealValue": null, "requirements": {"products": [{"id": "Microsoft365"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "1303eca9-a595-4089-b045-0b7118b21edf", "name": "Dynamics 365 for Field Service", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "substatus": "Declined", "engagementId": "328139a9-aad5-4d7e-af3f-53cde69c4010", "statusReason": null, "qualification": "Direct", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "createdDateTime": "2026-01-22T18:27:41.252816Z", "customerProfile": {"ids": {}, "name": "Coëtvaux Agroalimentaire S.A.R.L.", "size": "10to50employees", "address": {"city": "Évry", "state": null, "region": null, "country": "FR", "postalCode": "91000", "addressLine1": "Example Street 171", "addressLine2": null}, "isMatchingComplete": false}, "updatedDateTime": "2026-10-14T11:17:02.333107Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "externalReferenceId": null}	cb7e5846348b8a1c541a8e5fcd119e7c21c2af5add242f489029cb1d97104fd6	2026-10-14 11:17:02.333107+00	2026-10-14T11:17:02.3331070Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
6	2eb698b3-f7d5-4d04-bb33-a444255e45ad	{"id": "2eb698b3-f7d5-4d04-bb33-a444255e45ad", "eTag": "\\"b20adb8f-0000-0800-0000-a8fd49d00000\\"", "name": "Thornmarsh Logistics PLC - Copilot readiness", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0187", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/2eb698b3-f7d5-4d04-bb33-a444255e45ad", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '7e3a9d72-f36a-4b0b-91f2-baaf821686f4'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-11769-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Sue Smith on +44 555 0159 or write to sue.smith@thornmarsh-logistics.co.uk.", "currency": "GBP", "dealValue": 35000, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "3a35c813-cb05-4e74-a7ed-8c1b322738a7", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Declined", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "7e3a9d72-f36a-4b0b-91f2-baaf821686f4", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "organizationName": "Fourth Coffee"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-11-10T21:12:45.4056150Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-03-28T23:59:58.8149630Z", "customerProfile": {"ids": [{"id": "233359739", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Thornmarsh Logistics PLC", "size": "", "team": [{"email": "sue.smith@corp.thornmarsh-logistics.co.uk", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+44 555 0159", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "sue.smith.2@thornmarsh-logistics.co.uk", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+44 555 0159", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 172", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-10T21:12:45.4056150Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": null}	e1ff8cfd311e6b934f8ebb02e5455813ef7d6c466fed2eebd3d9b7721bf7860f	2026-11-10 21:12:45.405615+00	2026-11-10T21:12:45.4056150Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
7	34310e11-bb28-4d19-98a3-0737e2e8c114	{"id": "34310e11-bb28-4d19-98a3-0737e2e8c114", "eTag": "\\"88075b5d-0000-0800-0000-0718b3790000\\"", "name": "Microsoft 365 geçişi", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0123", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/34310e11-bb28-4d19-98a3-0737e2e8c114", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'd1ed654d-0a30-4d54-beb9-6dac875dbcf6'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-69374-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "", "currency": "TRY", "dealValue": 170000, "requirements": {"products": [{"id": "Microsoft365"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "aa7cb005-e06a-408d-b99f-36b4d4921acd", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Government"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-01-01T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "60", "callToAction": null, "engagementId": "d1ed654d-0a30-4d54-beb9-6dac875dbcf6", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2025-12-16T03:36:24.8197939Z", "customerProfile": {"ids": [], "name": "Denizmert İnşaat Ltd. Şti.", "size": "1to9employees", "team": [{"email": "ipek.sahbazgil@denizmertinsaat.com.tr", "title": null, "lastName": "Şahbazgil", "firstName": "İpek", "phoneNumber": "+90 555 0106", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "İzmir", "state": null, "region": null, "country": "TR", "postalCode": "35210", "addressLine1": "Example Street 148", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-09-24T16:21:38.1802339Z", "acceptedDateTime": "2025-12-17T18:47:49.4158249Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000014"}	61a8243e60920c84f373735b8fd3b736013675df41b89d5b3592df608347740c	2026-09-24 16:21:38.180233+00	2026-09-24T16:21:38.1802339Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
8	4d233cb4-05cb-4517-9bcf-ddde7b2c6fa6	{"id": "4d233cb4-05cb-4517-9bcf-ddde7b2c6fa6", "eTag": "\\"ee038b77-0000-0800-0000-6a77e31d0000\\"", "name": "Einführung von Dynamics 365 für Außendienst", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0129", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/4d233cb4-05cb-4517-9bcf-ddde7b2c6fa6", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'ceb017fe-918d-4c2e-b5cf-4c8edf544166'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-19814-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": null, "currency": "EUR", "dealValue": 39500, "requirements": {"products": [{"id": "Microsoft365"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "03f1dcb4-f922-4a9d-93e2-81a32cb38420", "name": "Azure Virtual Desktop", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Education"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "20", "callToAction": null, "engagementId": "ceb017fe-918d-4c2e-b5cf-4c8edf544166", "statusReason": "Customer engagement was a success!", "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-06-30T03:12:58Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-02-06T00:45:44Z", "customerProfile": {"ids": [{"id": "589056081", "profileType": "Duns"}], "name": "HÖLZMAR SPEDITION E.V.", "size": "1001to5000employees", "team": [{"email": "joerg.bruennhagen@tr.hoelzmarspedition.de", "title": null, "lastName": "Brünnhagen", "firstName": "Jörg", "phoneNumber": "+49 555 0119", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 181", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-10-25T06:47:30Z", "acceptedDateTime": "2026-02-09T01:34:58Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000005"}	51aa38561ce61a30f125b4f0a8bd3d98b4930056d114e3f324637c00e064ea03	2026-10-25 06:47:30+00	2026-10-25T06:47:30.0000000Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
9	514791b3-ad1e-400b-82b0-60cd0a08a033	{"id": "514791b3-ad1e-400b-82b0-60cd0a08a033", "eTag": "\\"0a90f29c-0000-0800-0000-82bd3bb90000\\"", "name": "Copilot readiness", "tags": ["priority", "campaign"], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0141", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/514791b3-ad1e-400b-82b0-60cd0a08a033", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '5ab19a76-d7e7-4103-8371-0533d596d313'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-43953-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "We are interested in deploying Microsoft 365 and are looking for support in training our employees. Can you help?", "currency": "GBP", "dealValue": 154500, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "ddd998d8-2c53-4ebb-81c5-42a5a7970892", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Lost", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "5ab19a76-d7e7-4103-8371-0533d596d313", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-10-09T14:27:05.230363Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-06-14T04:41:21.822341Z", "customerProfile": {"ids": [{"id": "222722327", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Pellbrook Health Ltd", "size": "1001to5000employees", "team": [{"email": "siobhan.odell@pellbrook-health-gb.com", "title": null, "lastName": "O'Dell", "firstName": "Siobhan", "phoneNumber": "+44 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 135", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-11-07T11:43:15.858200Z", "acceptedDateTime": "2026-06-17T18:56:58.829007Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	032f0ccdef202e6cdc2d0e018a4bcb8d3d201b15010f14235ce017f49c9e58e0	2026-11-07 11:43:15.8582+00	2026-11-07T11:43:15.8582000Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
10	568c6f34-3afd-4055-9377-255a6838d27a	{"id": "568c6f34-3afd-4055-9377-255a6838d27a", "eTag": "\\"ee86637a-0000-0800-0000-149e793d0000\\"", "name": "Security assessment", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0166", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/568c6f34-3afd-4055-9377-255a6838d27a", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'f5c642b6-03ee-4a0b-939c-ec3d23f1b460'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-80769-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Customer is looking to leverage Dynamics 365 to manage their supply chain.", "currency": "GBP", "dealValue": 12500.84, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "adf75da1-420c-4dad-a8b2-6e0fd1ef7c82", "name": "Azure Virtual Desktop", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-03-10T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "f5c642b6-03ee-4a0b-939c-ec3d23f1b460", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "MarketingQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-04-16T14:56:09.9601674Z", "customerProfile": {"ids": [{"id": "616258311", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Pellbrook Health Ltd", "size": "51to250employees", "team": [{"email": "siobhan.odell@pellbrook-health-gb.com", "title": null, "lastName": "O'Dell", "firstName": "Siobhan", "phoneNumber": "+44 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 132", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-04-27T23:14:58.0205564Z", "acceptedDateTime": "2026-04-19T12:35:46.8553674Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	14cda8eeb3475184823bfec6b26ebd07eb040b10843df96bbca180997249a05b	2026-04-27 23:14:58.020556+00	2026-04-27T23:14:58.0205564Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
11	64cf262e-56a4-414f-9df6-34954d221691	{"id": "64cf262e-56a4-414f-9df6-34954d221691", "eTag": "\\"3b2d0504-0000-0800-0000-836652b80000\\"", "name": "Security assessment", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0121", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/64cf262e-56a4-414f-9df6-34954d221691", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '1671545d-24cd-4466-98e0-65997be4388d'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-71478-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "We are interested in deploying Microsoft 365 and are looking for support in training our employees. Can you help?", "currency": "EGP", "dealValue": 188000.46, "requirements": {"products": [{"id": "Dynamics365Enterprise"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "4892e9d5-d90b-4fc0-8614-b9aa8320ddd7", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "RetailAndConsumerGoods"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-02-05T00:30:21Z", "customerRequestedContact": false}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "60", "callToAction": null, "engagementId": "1671545d-24cd-4466-98e0-65997be4388d", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b", "organizationName": "Adventure Works"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "None", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-06-03T15:10:24.324155Z", "customerProfile": {"ids": [{"id": "860298842", "profileType": "Duns"}], "name": "نورافيل للخدمات اللوجستية ش.م.م", "size": "1001to5000employees", "team": [{"email": "samer.barkudi@nuravillogistics.com.eg", "title": null, "lastName": "بركودي", "firstName": "سامر", "phoneNumber": "+20 555 0170", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "hind.nawfalawi@nuravillogistics.com.eg", "title": null, "lastName": "النوفلاوي", "firstName": "هند", "phoneNumber": "+20 555 0163", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "layla.zarqani@nuravillogistics.com.eg", "title": null, "lastName": "الزرقاني", "firstName": "ليلى", "phoneNumber": "+20 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "القاهرة", "state": null, "region": null, "country": "EG", "postalCode": "11511", "addressLine1": "Example Street 85", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-02T06:20:35.398558Z", "acceptedDateTime": "2026-06-14T03:04:50.078657Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": null}	6d2df04087e3fcb21bff129d3fda41266dd7e28f340fa339ef400ecf71ce7c74	2026-11-02 06:20:35.398558+00	2026-11-02T06:20:35.3985580Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
12	846087f2-1085-4aac-97f6-e99cc6e726da	{"id": "846087f2-1085-4aac-97f6-e99cc6e726da", "eTag": "\\"a8a54458-0000-0800-0000-6b9af4e50000\\"", "name": "Security assessment", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/846087f2-1085-4aac-97f6-e99cc6e726da", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'a7972185-3d91-440b-b086-3a487af83c44'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-74476-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": null, "currency": "EUR", "dealValue": 118500, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "03f1dcb4-f922-4a9d-93e2-81a32cb38420", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-02-08T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "80", "callToAction": null, "engagementId": "a7972185-3d91-440b-b086-3a487af83c44", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "organizationName": "Fourth Coffee"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-02-20T05:56:50Z", "customerProfile": {"ids": [{"id": "836204754", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Hölzmar Spedition e.V.", "size": "1001to5000employees", "team": [{"email": "joerg.bruennhagen@hoelzmarspedition.de", "title": null, "lastName": "Brünnhagen", "firstName": "Jörg", "phoneNumber": "+49 555 0119", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "guenther.loewenthaler@hoelzmarspedition.de", "title": null, "lastName": "Löwenthaler", "firstName": "Günther", "phoneNumber": "+49 555 0178", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 163", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-03-05T18:32:50Z", "acceptedDateTime": "2026-03-05T07:54:54Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	1016d6a609f474ed5cdd2b59334056d120290c41b1605a1ff369caced8c38396	2026-03-05 18:32:50+00	2026-03-05T18:32:50.0000000Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
14	9ac012c3-6a8d-4685-a801-b9f95e928df4	{"id": "9ac012c3-6a8d-4685-a801-b9f95e928df4", "eTag": "\\"dda09ce0-0000-0800-0000-32564bc70000\\"", "name": "Dynamics 365 for Field Service", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0104", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/9ac012c3-6a8d-4685-a801-b9f95e928df4", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'be2d25c9-9527-4ef8-bc3b-c645b4200261'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-23603-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Customer is looking to leverage Dynamics 365 to manage their supply chain.", "currency": "JPY", "dealValue": 9500, "requirements": {"products": [{"id": "Microsoft365"}], "services": [{"id": "ManagedServices"}], "solutions": [{"id": "00ba98f3-330e-45a8-b762-e3965a7445ae", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Government"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-03-14T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "be2d25c9-9527-4ef8-bc3b-c645b4200261", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-08-06T02:22:52.4986208Z", "customerProfile": {"ids": [{"id": "185814714", "profileType": "Duns"}], "name": "青霧野 製作所 株式会社", "size": "51to250employees", "team": [{"email": "s.kirishimada@xn--qzwx3i4q6apqeeg.jp", "title": null, "lastName": "霧島田", "firstName": "さくら", "phoneNumber": "+81 555 0139", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "m.tsukiokano@xn--qzwx3i4q6apqeeg.jp", "title": null, "lastName": "月岡野", "firstName": "美咲", "phoneNumber": "+81 555 0193", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "大阪市北区", "state": null, "region": null, "country": "JP", "postalCode": "530-0001", "addressLine1": "Example Street 31", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-08-14T00:07:14.1472848Z", "acceptedDateTime": "2026-08-14T00:07:14.1472848Z", "organizationName": "Fourth Coffee &amp; Partners", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	48ac63c5fb58ebbece5d0da543015263f89b38ea0236af70fcbc6b4f746bf131	2026-08-14 00:07:14.147284+00	2026-08-14T00:07:14.1472848Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
15	ABF5BC9C-7904-4395-A3D3-54C145624DBF	{"id": "ABF5BC9C-7904-4395-A3D3-54C145624DBF", "eTag": "\\"2fd28e90-0000-0800-0000-0b6194c20000\\"", "name": "Microsoft 365 migration", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0117", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/abf5bc9c-7904-4395-a3d3-54c145624dbf", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'e7628c2f-0046-4572-9db2-a88993de4274'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "New", "target": [{"id": "SOL-17216-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Customer is looking to leverage Dynamics 365 to manage their supply chain.", "currency": null, "dealValue": null, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "ed4e2eb0-b4a4-4613-88b1-3655e62161bf", "name": "Azure Virtual Desktop", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-12-24T00:30:21Z", "customerRequestedContact": false}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Received", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "e7628c2f-0046-4572-9db2-a88993de4274", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-11-13T03:08:51.3575953Z", "customerProfile": {"ids": [], "name": "Lumetra Insurance Corp.", "size": "51to250employees", "team": [{"email": "sue.smith@lumetrainsurance-us.net", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+1 555 0123", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Boise", "state": null, "region": null, "country": "US", "postalCode": "83702", "addressLine1": "Example Street 161", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-13T03:08:51.3575953Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": "2026-11-27T03:08:51Z", "registrationStatus": "None", "externalReferenceId": null}	fcf9c1e2ca2b8a7ec22d02575986510a3c44a4972ecd32f62dc17d529c46d3ce	2026-11-13 03:08:51.357595+00	2026-11-13T03:08:51.3575953Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
16	be0aec78-b4bf-4c6a-bcfe-9e3dbaab9cc6	{"id": "be0aec78-b4bf-4c6a-bcfe-9e3dbaab9cc6", "eTag": "\\"0d19251e-0000-0800-0000-a1882dac0000\\"", "name": "Κυμολύρα Τρόφιμα Α.Ε. - Dynamics 365 for Field Service", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0168", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/be0aec78-b4bf-4c6a-bcfe-9e3dbaab9cc6", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '6380a757-8a3e-47e8-84e2-2754912e6ff5'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-87295-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Γιώργος Λυκομήτρος on +30 555 0130 or write to g.lykomitros@kymolyratrofima.gr.", "currency": "EUR", "dealValue": 0, "requirements": {"products": [{"id": "WindowsServer"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "344473ff-d2f9-4be5-a41a-88185f14e523", "name": "Dynamics 365 for Field Service", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Education"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "20", "callToAction": null, "engagementId": "6380a757-8a3e-47e8-84e2-2754912e6ff5", "statusReason": "Customer engagement was a success!", "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-11-14T20:01:02.9856974Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-10-08T16:38:35.0614434Z", "customerProfile": {"ids": [{"id": "803653078", "profileType": "Duns"}], "name": "Κυμολύρα Τρόφιμα Α.Ε.", "size": "1001to5000employees", "team": [{"email": "g.lykomitros@kymolyratrofima.gr", "title": null, "lastName": "Λυκομήτρος", "firstName": "Γιώργος", "phoneNumber": "+30 555 0130", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Πάτρα", "state": null, "region": null, "country": "GR", "postalCode": "262 21", "addressLine1": "Example Street 4", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-16T07:56:27.3301314Z", "acceptedDateTime": "2026-10-14T08:35:52.1428794Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": null}	0a23bdd032f5320ae2a8101c88f7779fcae4768837b20fba5512893a0c85fdec	2026-11-16 07:56:27.330131+00	2026-11-16T07:56:27.3301314Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
18	d317f388-891e-40f9-a324-82af4f6d4252	{"id": "d317f388-891e-40f9-a324-82af4f6d4252", "eTag": "\\"5af09fc8-0000-0800-0000-74478a3b0000\\"", "name": "Orvexa Freight &amp; Storage LLC - Azure landing zone", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0104", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/d317f388-891e-40f9-a324-82af4f6d4252", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'caee1a27-b312-43ec-80ee-4455152a16e4'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-57802-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Please call Sue Smith on +1 555 0139 or write to sue.smith@orvexafreight-us.org.", "currency": "USD", "dealValue": 170000.56, "requirements": {"products": [{"id": "WindowsServer"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "f122c988-8a3a-4d17-bc84-8bf5e07131bc", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-12-26T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "80", "callToAction": null, "engagementId": "caee1a27-b312-43ec-80ee-4455152a16e4", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "MarketingQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-05-16T18:12:59.0834641Z", "customerProfile": {"ids": [{"id": "228741711", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Orvexa Freight &amp; Storage LLC", "size": "51to250employees", "team": [{"email": "sue.smith@orvexafreight-us.org", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+1 555 0139", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Redmond", "state": null, "region": null, "country": "US", "postalCode": "98052", "addressLine1": "Example Street 140", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-08-28T10:27:02.1880431Z", "acceptedDateTime": "2026-05-23T02:07:58.8698451Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	4b6a1f88d076a8240760ca907a1846ed004174a3ebfafc4b7d9c03ec443f75f2	2026-08-28 10:27:02.188043+00	2026-08-28T10:27:02.1880431Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
20	dde3362c-1e79-427e-aebf-1c0129f13287	{"id": "dde3362c-1e79-427e-aebf-1c0129f13287", "eTag": "\\"6eed1fdd-0000-0800-0000-08b537840000\\"", "name": "Copilot readiness", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0163", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/dde3362c-1e79-427e-aebf-1c0129f13287", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '6399272a-1ddc-4f15-8771-52d060615e38'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-28320-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": null, "currency": "AED", "dealValue": 589634.172, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "503bdb9c-2bec-4d84-9795-bf3dad66286b", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Lost", "campaignId": null, "createdVia": null, "salesStage": "20", "callToAction": null, "engagementId": "6399272a-1ddc-4f15-8771-52d060615e38", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": "2026-10-03T02:28:22.1778100Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-03-26T21:36:40.0633220Z", "customerProfile": {"ids": [], "name": "نورافيل للخدمات اللوجستية ذ.م.م", "size": "10to50employees", "team": [{"email": "hind.nawfalawi@qq.com", "title": null, "lastName": "النوفلاوي", "firstName": "هند", "phoneNumber": "+971 555 0153", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "hind.nawfalawi@nuravil-logistics.ae", "title": null, "lastName": "النوفلاوي", "firstName": "هند", "phoneNumber": "+971 555 0153", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "أبوظبي", "state": null, "region": null, "country": "AE", "postalCode": "", "addressLine1": "Example Street 185", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-02T02:30:47.2398890Z", "acceptedDateTime": "2026-04-04T08:14:16.8859020Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": "CRM-000011"}	0be5cffd63c808ccd8ff942fdc2acd6190d02eb24e7472fe826b53283778a687	2026-11-02 02:30:47.239889+00	2026-11-02T02:30:47.2398890Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
21	e9ee7037-fcfd-4450-8c77-fa7027231eb5	{"id": "e9ee7037-fcfd-4450-8c77-fa7027231eb5", "eTag": "\\"1948aea8-0000-0800-0000-c2e8a10d0000\\"", "name": "Copilot readiness", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0180", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/e9ee7037-fcfd-4450-8c77-fa7027231eb5", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '5ab19a76-d7e7-4103-8371-0533d596d313'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "New", "target": [{"id": "SOL-89383-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Please call Siobhan O'Dell on +44 555 0158 or write to siobhan.odell@pellbrook-health-gb.com.", "currency": "GBP", "dealValue": 65000.76, "requirements": {"products": [{"id": "WindowsServer"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "503bdb9c-2bec-4d84-9795-bf3dad66286b", "name": "Dynamics 365 for Field Service", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Government"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-02-03T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Received", "campaignId": null, "createdVia": null, "salesStage": "60", "callToAction": null, "engagementId": "5ab19a76-d7e7-4103-8371-0533d596d313", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": null, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-11-20T10:47:44.144155Z", "customerProfile": {"ids": [], "name": "Pellbrook Health Ltd", "size": "1001to5000employees", "team": [{"email": "siobhan.odell@pellbrook-health-gb.com", "title": null, "lastName": "O'Dell", "firstName": "Siobhan", "phoneNumber": "+44 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 104", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-20T10:47:46.357893Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": "2026-12-04T10:47:44Z", "registrationStatus": "None", "externalReferenceId": ""}	cd0d8a787d19e1300f2d7c857de3ed6ed9f8c675508b03349502c0fe0d8fd3ba	2026-11-20 10:47:46.357893+00	2026-11-20T10:47:46.3578930Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
22	f081e0be-a28e-4d43-9314-c4784844dbce	{"id": "f081e0be-a28e-4d43-9314-c4784844dbce", "eTag": "\\"b16b9387-0000-0800-0000-633c52cc0000\\"", "name": "Pellbrook Health Ltd - Security assessment", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0110", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/f081e0be-a28e-4d43-9314-c4784844dbce", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'f5c642b6-03ee-4a0b-939c-ec3d23f1b460'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "New", "target": [{"id": "SOL-43459-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "", "currency": "GBP", "dealValue": 98000, "requirements": {"products": [{"id": "Dynamics365Enterprise"}], "services": [{"id": "ManagedServices"}], "solutions": [{"id": "65eeb8fe-32ea-448d-ad8e-85bcda0fac3e", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Manufacturing"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-12-26T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Pending", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "f5c642b6-03ee-4a0b-939c-ec3d23f1b460", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "msft", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-11-13T09:57:25.3575953Z", "customerProfile": {"ids": [{"id": "990013893", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Pellbrook Health Ltd", "size": "", "team": [{"email": " siobhan.odell@pellbrook-health-gb.com ", "title": null, "lastName": "O'Dell", "firstName": "Siobhan", "phoneNumber": "+44 555 0158", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Aberystwyth", "state": null, "region": null, "country": "GB", "postalCode": "SY23 1DE", "addressLine1": "Example Street 37", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-13T09:57:25.3575953Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": "2026-11-27T09:57:25Z", "registrationStatus": "None", "externalReferenceId": null}	d9073fa83ed81cdae3b88a8377182fd7335883fce2abc05a1183469616559c90	2026-11-13 09:57:25.357595+00	2026-11-13T09:57:25.3575953Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
23	f5738bd4-213f-488c-bcb3-fe2a3268ac50	{"id": "f5738bd4-213f-488c-bcb3-fe2a3268ac50", "eTag": "\\"55d01c36-0000-0800-0000-635b9f5e0000\\"", "name": "Denizmert İnşaat Ltd. Şti. - Microsoft 365 geçişi", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0171", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/f5738bd4-213f-488c-bcb3-fe2a3268ac50", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'a20cfc74-005d-4891-a54f-9cdcedc75630'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Active", "target": [{"id": "SOL-56719-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": null, "currency": "TRY", "dealValue": 154500.92, "requirements": {"products": [{"id": "PowerBI"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "1303eca9-a595-4089-b045-0b7118b21edf", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Government"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-01-21T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Accepted", "campaignId": null, "createdVia": null, "salesStage": "100", "callToAction": null, "engagementId": "a20cfc74-005d-4891-a54f-9cdcedc75630", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "organizationName": "Fourth Coffee"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-05-26T15:38:53.7166239Z", "customerProfile": {"ids": [], "name": "Denizmert İnşaat Ltd. Şti.", "size": "10to50employees", "team": [{"email": "ipek.sahbazgil@guerrillamail.com", "title": null, "lastName": "Şahbazgil", "firstName": "İpek", "phoneNumber": "+90 555 0106", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": null, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-07-04T22:35:53.5820859Z", "acceptedDateTime": "2026-06-08T15:07:08.2770809Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	bae6bbd667bf7c527fec4ecf13307371281e35a19ecd7cf61a59d1ccd71f088b	2026-07-04 22:35:53.582085+00	2026-07-04T22:35:53.5820859Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
13	994958ba-4018-46d4-9107-eae3072099f3	{"id": "994958ba-4018-46d4-9107-eae3072099f3", "eTag": "\\"7e91f5a6-0000-0800-0000-578629120000\\"", "name": "Kortiva Foods Inc. - Dynamics 365 for Field Service", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0117", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/994958ba-4018-46d4-9107-eae3072099f3", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '7acd0276-9b50-45ae-83a3-8ebefff23677'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "New", "target": [{"id": "SOL-81834-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "We are interested in deploying Microsoft 365 and are looking for support in training our employees. Can you help?", "currency": "USD", "dealValue": 41000.14, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "a47a5a8e-861d-4cd5-b68f-a79061e1eadd", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "RetailAndConsumerGoods"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-12-07T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Pending", "campaignId": null, "createdVia": null, "salesStage": "60", "callToAction": null, "engagementId": "7acd0276-9b50-45ae-83a3-8ebefff23677", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": null, "organizationName": null}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-11-26T05:53:53.7475443Z", "customerProfile": {"ids": [{"id": "524914124", "profileType": "Duns"}, {"id": "", "profileType": "External"}], "name": "Kortiva Foods Inc.", "size": "251to1000employees", "team": [{"email": null, "title": null, "lastName": null, "firstName": null, "phoneNumber": null, "contactPreference": {"locale": null, "disableNotifications": true}, "erasedAddressHost": "kortivafoods-us.com"}, {"email": "sue.smith@kortivafoods-us.com", "title": null, "lastName": "Smith", "firstName": "Sue", "phoneNumber": "+1 555 0100", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Redmond", "state": null, "region": null, "country": "US", "postalCode": "98052", "addressLine1": "Example Street 99", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-26T05:53:53.7475443Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": "2026-12-10T05:53:53Z", "registrationStatus": "None", "externalReferenceId": ""}	d39a1e953e2fdd8d34d6e35a895906c5fd3b7320548132cd53c45a580652ece2	2026-11-26 05:53:53.747544+00	2026-11-26T05:53:53.7475443Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	t
44	cc10beea-8d96-43bf-b731-cbaaf590750d	{"id": "cc10beea-8d96-43bf-b731-cbaaf590750d", "eTag": "\\"d4e93358-0000-0800-0000-550413030000\\"", "name": "Migration of the print servers", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0143", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/cc10beea-8d96-43bf-b731-cbaaf590750d", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'cd6e7158-15eb-4dc1-b594-b748e02fc679'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-47320-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Please call Jörg Brünnhagen on +49 555 0119 or write to joerg.bruennhagen@hoelzmarspedition.de.", "currency": "EUR", "dealValue": 15500, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "70b9f53c-6e20-436b-900c-2ae8e5d38805", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "Health"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-04-02T00:30:21Z", "customerRequestedContact": true}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Lost", "campaignId": null, "createdVia": null, "salesStage": "0", "callToAction": null, "engagementId": "cd6e7158-15eb-4dc1-b594-b748e02fc679", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-04-01T06:12:31.5412645Z", "customerProfile": {"ids": [], "name": "Hölzmar Spedition e.V.", "size": "1001to5000employees", "team": [{"email": "joerg.bruennhagen@hoelzmarspedition.de", "title": null, "lastName": "Brünnhagen", "firstName": "Jörg", "phoneNumber": "+49 555 0119", "contactPreference": {"locale": null, "disableNotifications": true}}, {"email": "guenther.loewenthaler@hoelzmarspedition.de", "title": null, "lastName": "Löwenthaler", "firstName": "Günther", "phoneNumber": "+49 555 0178", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 119", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-27T00:31:31.7538618Z", "acceptedDateTime": "2026-04-06T15:28:19.6641835Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	bc3e5023e9b31e0e870a0f358ffad5098da5d8291be515c6197bf0c9c2aa15e5	2026-11-27 00:31:31.753861+00	2026-11-27T00:31:31.7538618Z	f	2026-11-27 00:31:41.40502+00	2026-11-27 00:32:39.119925+00	74688482-850b-4439-a44b-525cca0e3120	f
27	d5581313-21b3-41d2-96da-3db1e5b27e14	{"id": "d5581313-21b3-41d2-96da-3db1e5b27e14", "eTag": "\\"28183176-0000-0800-0000-9f564f800000\\"", "name": "Hölzmar Spedition e.V. - Einführung von Dynamics 365 für Außendienst", "tags": [], "team": [{"email": "john.doe@fourthcoffee.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0138", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/d5581313-21b3-41d2-96da-3db1e5b27e14", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'f1f28c99-dc9d-4573-85e6-93b027144ebb'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-75945-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": null, "currency": "EUR", "dealValue": 73000, "requirements": {"products": [{"id": "Azure"}], "services": [{"id": "LearningAndCertification"}], "solutions": [{"id": "e1bb7b14-5507-4cc3-80e9-6db4fde165d8", "name": "M365 E5 Compliance | Non-specific", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2027-01-21T00:30:21Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Won", "campaignId": null, "createdVia": null, "salesStage": "40", "callToAction": null, "engagementId": "f1f28c99-dc9d-4573-85e6-93b027144ebb", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "5e6f7a8b-9c0d-4e1f-8a2b-3c4d5e6f7a8b", "organizationName": "Adventure Works"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "None", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-07-31T06:04:45.390059Z", "customerProfile": {"ids": [{"id": "https://www.hoelzmarspedition.de/contact?lang=en#top", "profileType": "External"}], "name": "Hölzmar Spedition e.V.", "size": "51to250employees", "team": null, "address": {"city": "Görlitz", "state": null, "region": null, "country": "DE", "postalCode": "02826", "addressLine1": "Example Street 155", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "PartnerCenter", "referralProgram": null, "updatedDateTime": "2026-11-27T00:31:14.4303067Z", "acceptedDateTime": "2026-08-01T16:59:13.685290Z", "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	a088d0b275074139a9a31aff28c8d81d9745490370fb5717553ade82cc22b693	2026-11-27 00:31:14.430306+00	2026-11-27T00:31:14.4303067Z	f	2026-11-27 00:31:26.77122+00	2026-11-27 00:32:39.119925+00	dc906f73-4cf8-4848-a582-51d078d84452	f
24	fb976b85-f5e6-430f-92cb-8255ae610a76	{"id": "fb976b85-f5e6-430f-92cb-8255ae610a76", "eTag": "\\"8956cd68-0000-0800-0000-fe2a6f020000\\"", "name": "Windows 365 for branch offices", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0116", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Independent", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/fb976b85-f5e6-430f-92cb-8255ae610a76", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq 'ba05bd90-ce2a-4966-ade0-f1e7bbd00380'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "Closed", "target": [{"id": "SOL-87997-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": false}, "details": {"notes": "Please call İpek Şahbazgil on +90 555 0106 or write to ipek.sahbazgil@denizmertinsaat.com.tr.", "currency": "TRY", "dealValue": 29000, "requirements": {"products": [{"id": "Microsoft365"}], "services": [{"id": "DeploymentOrMigration"}], "solutions": [{"id": "63b585a1-4988-41ae-afe3-0a2ca236a493", "name": "Microsoft Sentinel", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [{"id": "RetailAndConsumerGoods"}], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-11-27T00:30:21Z", "customerRequestedContact": false}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Declined", "campaignId": null, "createdVia": null, "salesStage": "80", "callToAction": null, "engagementId": "ba05bd90-ce2a-4966-ade0-f1e7bbd00380", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": null, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "Direct", "registrations": [], "closedDateTime": "2026-11-15T13:10:33.5157534Z", "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-10-31T22:56:10.8615234Z", "customerProfile": {"ids": [], "name": "Denizmert İnşaat Ltd. Şti.", "size": "251to1000employees", "team": [{"email": "ipek.sahbazgil@denizmertinsaat.com.tr", "title": null, "lastName": "Şahbazgil", "firstName": "İpek", "phoneNumber": "+90 555 0106", "contactPreference": {"locale": null, "disableNotifications": true}}], "address": {"city": "İzmir", "state": null, "region": null, "country": "TR", "postalCode": "35210", "addressLine1": "Example Street 68", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": "API", "referralProgram": null, "updatedDateTime": "2026-11-15T13:10:33.5157534Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": null, "registrationStatus": "None", "externalReferenceId": ""}	d8d0f99ba317a859c1bea3a0db54c5ebedfb3b36a7e0c0174a22435b9395c897	2026-11-15 13:10:33.515753+00	2026-11-15T13:10:33.5157534Z	f	2026-11-27 00:31:07.078132+00	2026-11-27 00:31:41.370161+00	c4dec35b-f19d-4bff-a6b3-c92ba254fa51	f
28	db26db36-6f4c-4b9a-921d-2b5de95206c3	{"id": "db26db36-6f4c-4b9a-921d-2b5de95206c3", "eTag": "\\"0b4762fa-0000-0800-0000-132716710000\\"", "name": "Discover Sensitive Data Workshop", "tags": [], "team": [{"email": "john.doe@microsoft.com", "title": null, "lastName": "Doe", "firstName": "John", "phoneNumber": "+1 555 0179", "contactPreference": {"locale": null, "disableNotifications": true}}], "type": "Shared", "links": {"self": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals/db26db36-6f4c-4b9a-921d-2b5de95206c3", "method": "GET"}, "relatedReferrals": {"uri": "https://api.partner.microsoft.com/v1.0/engagements/referrals?$filter=engagementId eq '1946d0fa-3dcb-4d3b-a963-0e4b55808771'", "method": "GET"}}, "mpnId": "1234567", "isSpam": false, "status": "New", "target": [{"id": "SOL-77877-EBB", "type": "SolutionProfile"}], "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true, "consentToShareReferralWithMicrosoftSellers": true}, "details": {"notes": "Customer is looking to leverage Dynamics 365 to manage their supply chain.", "currency": "UAH", "dealValue": 181500, "requirements": {"products": [{"id": "WindowsServer"}], "services": [{"id": "Consulting"}], "solutions": [{"id": "dd2a9758-c652-4f1a-9680-b0f3da1c3b92", "name": "Azure Virtual Desktop", "type": "Name", "price": null, "currency": null, "quantity": null, "solutionType": null, "publisherName": null, "closingDateTime": null}], "industries": [], "salesPlays": [], "additionalRequirements": {"iot": {"siliconType": null, "attachServices": false, "deviceCategory": null, "azureCertifiedDevice": false, "customerLicenseAgreementNumber": null}}}, "customerAction": null, "incentiveLevel": null, "closingDateTime": "2026-12-20T00:31:14Z", "customerRequestedContact": null}, "quality": "Unknown", "favorite": false, "direction": "Incoming", "lastRunId": null, "substatus": "Pending", "campaignId": null, "createdVia": null, "salesStage": "80", "callToAction": null, "engagementId": "1946d0fa-3dcb-4d3b-a963-0e4b55808771", "statusReason": null, "trackingInfo": {"microsoftMsxId": null, "migratedPSCDealId": null, "microsoftUSFedLeadId": null, "migratedPSCPartnerDealId": null, "microsoftUSFedOpportunityId": null}, "inviteContext": {"notes": null, "invitedBy": {"organizationId": "MSFT", "organizationName": "Microsoft"}, "invitedMpnId": "1234567", "assistanceRequestCode": "Unknown"}, "qualification": "SalesQualified", "registrations": [], "closedDateTime": null, "organizationId": "1d0c2b3a-4f5e-4a6b-8c7d-9e0f1a2b3c4d", "referralSource": null, "createdDateTime": "2026-11-27T00:31:14.4305874Z", "customerProfile": {"ids": null, "name": "Калинодар Логістика ПрАТ", "size": "251to1000employees", "team": [], "address": {"city": "Київ", "state": null, "region": null, "country": "UA", "postalCode": "01001", "addressLine1": "Example Street 30", "addressLine2": null}, "isMatchingComplete": false}, "dealSensitivity": "None", "lastModifiedVia": null, "referralProgram": null, "updatedDateTime": "2026-11-27T00:31:14.4305874Z", "acceptedDateTime": null, "organizationName": "Fourth Coffee Consulting", "expirationDateTime": "2026-12-11T00:31:14Z", "registrationStatus": "None", "externalReferenceId": null}	44f7dddc7539d2f0dd4bbbe7dff95e3d2d7e1b74f95ba391cb293685ecb74d3d	2026-11-27 00:31:14.430587+00	2026-11-27T00:31:14.4305874Z	f	2026-11-27 00:31:26.77122+00	2026-11-27 00:32:39.119925+00	dc906f73-4cf8-4848-a582-51d078d84452	f
\.


--
-- Data for Name: sign_in; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.sign_in (only_one, sealed, saved_at) FROM stdin;
t	gAAAAABrCM-akBFGm2uNSCQCzrukHYNoyY_9jVKBEGQ4jP99bI3Lrpsi1nyJV5xZncTKqvchbq8l7aKAY_Qp3p-Nj0IXdIBnWqfuF2ZDDo_U1KCsY9U2_MKTV4n39ji7C4HmzinQ8cTbf2wL3pVYzvKuQBLOI96Z9I8gtXSXGNZp1ZxF39IbuVqvVrBf2YwvWx-niHa-h8AMfFx--PLI6q4cGwfVsN-OZO13EhA05uiuJsBUar7ijorfQI-PTItGAATqeWuVLb1WHLL435P-aLm9z8Qiepe42J5rywaq-N3RpnAEW06y7t-I6N_sc2b6EoRXwNRPzVrqSu7Rm-im1_md1GsDkQVOFrnXB6s_zU-r89LKwsVIJuK7bOLYLoNW7w1zHOs2ckzHMuPweRdOTanU88HfM2-bpDmA2ZgFhNKgR0KK5rdqdSgpusEtLT60N__9La3gZ1PQ71PXhodZR2Bjb9rBiSbTDZCwHzD0upjFJbqwAGbJxtSipV5Mbc2UAKpQKwj2YikihyLFnr4HNBlu72QH8AmRu-NWiS8AsK3MdsRK8rwJpfvPa41vqChaTYy86vBendyrmdFWHHYPaVFG69lu7Sk4oHBi6QwHEH8HUOfT03spExCWGdeghyFPrEZGj7ARcZlV2mbU9wI2iqN4D3FHb1SQkJQRABvh3eiXG7P9NUD-lZsU_IGdZXUnDGK1KgZghwAdepqa34mGipFAUO7OTBlPV_kohhKG5cPSYTDjvg2jhDOzv3018mKrMD3hn1RH6EUM0ef_3p8W2ixYdn6inhxWXHHU4Q6JBKmETwwd8XspUGzT9yQONx-xIAWONLS1fxyrvVhh9l4bVGykjblx9PvZESHdhv_SX0669ZYuer-XeBcalH71qLEmvGNq9Yw0XZZcmNCd2DVlLibY12PZl38fy6-2VJwzKkR6ROUedaAojzHjlKZbqYmpxu_ZftLsR1Omu7ij23RtH-j1CQQrduoM8dOb_kXPvGHgLeu8dv7UU5iiqqClyft_DOo_LG3WYCH3tmNiCLHsE3gGhSViwbRBtlHyVuHbvhxkRfco-JaufO3QsnisF3YywXNlG1oveh-LPRmmI2XlJdfGWgGoO1wPSuV4JZERzRTCqn9hFC-45hlohr5lIaWOw-H5g_7uEppGehZ8at3de97dv6eg0G8xlZu0SXsAv4jVcyCpfvJKFwfrnfmljYgWzrOu7IA-4oSziCqLN4J_iu_VpHY9JzlJGtQ0XyTbNv0DHA4mz6W118MhrGaX1YqarYC9E1A1P-c863eeqxE2Lkff0tNPdJGTzXcexrIAuVMMh3dt9KXyrdf6JhCUrMxmaBcYSVzKZTdhjlYVTZilw1xZbJB5ZWw3kTHOqjbCQs5n5F840hvDX_739Hc1tS8eLsU46Gp3VM6dxyrCnC0T5_W1lsrzkK558kxfPINMwuukULegrUpuUCGl3jFUaFljzMThRPGFOtv4NESZoVy5KgfZwx87hJfFCSI6KGNaSFlYFRPnU_NxFxnBtd1bpxRbIoq9G-7fPgZ3H6XD0779efOA_zDzK5zSAgkKfDFeXtVCaKw0CW4VFHiogpEW5iU3VNIeaec3wH7EHsBcdlYR91bNfN8ZJc4b5V4Ji3FbHaAci0MxWxrlGzk5Kh3yPHfE7-sywJ133evc7PvUOuEzdYmFKU_7vYM8EM4GqwskFxbeOAYB4JMqx1Ny2XVs3mnpnLwvUAJQ18t98KWZVZxxKY_aW_k3us5_0GzVe9pgJarHCUvLKD0e0JxxUQ_gmBTvbIK1sKzJ3l9_80TWIazPBE0BGEjBwOJPfbbwgGViR_X-cpgTofRzqLS724ZkEhPIVoOTsN8ks5T9qHcdvSMOgu4az7zPUH5Q6x6BSHbNMvrXIjE_iJv58ys3XZdhhEUs0XaRWW3afqo6r_rzsJ5LeRdQPZYI9kgJ8Hs0I-rb-1rsXzYIGgdHuU4IbC7DXPxR6xjttw_9tCSSnsTcH86ZCOAeeeNZCtDeXvXyUJ10pA3zirSmck44JGm0iKU_xV8ejvBBRJYHqGxqFS66Aqg-x-RB0kTmlLHlCwvtqG2_ap-HTS_N8IA6IdzUh-mMTnaqJZz2MvcD5WgIZOOjYBzqeoR3PduaOx9YEtki7g9itltO9XpuQMCpLxFeOXqspAYm8pBZyupJLWtpvSeFW2A9dtD45Q4L9T-xMEc_db5Gmmp75Iphk1GhYYevOtpDMLpymHsOhZyfN6MDIZGMzANyzF-5WtG21gb_pbiM97A9zQdUfkAIjU2AeP-aWbmysBguDQ3qdEMvXW7K0J6G5oZvzdG7UbasnujnvxVF2UGioi_mJ_HitaL0AC9why3WrL0mg_3OJPtGFnmISxLsHFv5RyOFFBLR7x_R8dRFR8jZhmjazLTgGGxn67SGTtvH1blnka4VJDCmSKGW36p2uJUcDgU6kvdR2T6pTK0O80FDP-Q4G9xHMo4LAbO9T-BH_-MeIKUDthHU-Ahan-OMFDAp1Jyov6-umqoU3Khg_I2hDlfH5sAUds5LAMTah-QQCQctl9jm074GR7f44ELlA3_h4IHB6CuDlh1AFKjlSUNyg0TuZQgng6Cc4kor0zgNhxharNCyPswg8q8VUmsA126GPq6L5aguAZMIXL1xxz1KKp9qca3MiIZXdksnZb_WU6q-UtnGAZxWamLbUjFmg9FbY-_zu2Mg7FQYzzvePTjsT4TjY86qLcZ-YKjaeF28XASy-rktsBK_ZNaUe6YzwoAEuBkOxsEMbau2a7MvYSx9hEbKbefGGy4LHWe8Z1_jzaUbnkUVG12KSInQ-DxtRNztJ8AfWZV585emZvN8b-bceaNICsMXrE4jfO3Z_aNb9VGvDZiWsf-8M0W02LeofOZJCEO5hqvwy9wPu4bEnnBjTTdCPMnynii4W21YRmda7osNJyFiAaT4T6ykwmn45e2ri0ZF_03qOCc-ksaVAK_SgLa_FGfaDbS6iNCAqMvm4H1srhfAlZ15IeKbWR0fgn6tgafCEbxggVaq5HR4y91nmqXKZBh8feU-oda-JDmdfI-GoP-wK26Hdvjn6bzOFdkLFJiZwM9c8aZXczKiu4hfdLid0NkeoAFnuFtE61OOS8rOeoX5I-q9J2btnKzJmgxkp_HaSFxoxiXsV28sC56V0nRpPb0nUqvUgZM37U6G_9OD0tVtSgk3Vv4BE1rRMB4NUC9ZG8hnT8hAonC2iSLinnbhqiUPtcozrI_ATopQ0gyukmzBzwp0UfgXO5jqWnqFRrGzoilGeApNm6iNZ-0EvdRQVqma_bYDyFh4e3eAhJdKfOCcDvjXhY59H-XMukg_66yCpzvBnyn8x9BE7YbXaZQHvcoJVDvEeBgPQGAvh-2wYla4nY_KEz2dbz7a6Cmb89Ir4HPXgEW_bSMiTRcCL9jarqp5q9vz2Yy4zZAr5yU32YMv-D4RloKIWajbHBHICVKq2J_1KdV-1Tqk8BLE6KaUBdcBm95Pix9o_PYl9u1XRbFhimotJpOkMBeMrlD2gTu6P9gRUcon7WnEJOol0ACEAntSrkfchzn7PWSPv2TBBDNEli0Md1gpM-c-wy5kNvo4xfxNsPk19hR1fVRF6Habmr6TEKPNCHxisO_8Kcof_4WiDGW565pESRTpev0_zkipkGA4S5JebpQPrgAZwYPboqwXlCAX2_hqkwy9RDNtd1BW0Nct498ot-N3sLFB4x9Q2KzcTa09bj4YenwJSgbyne0Z8fjvRPIBTgWHZC6-VEXyS2UkduTZTcqpj6zwoGyqJoPtphDF9eiJ5iuLUjpoJzidUPMRorW1021lYc3F_G_AMLccwNlXWGLXkZr6j-Un0K6fMib-Bph3ExcB-RvHOZ3J9jJTZEFL05HUGB_aQREBJZNJXG9bViWG1evBjnbE5QSPuwowOLIVK7vxdby1IB5oFwQ-YdH7hLC0jCP2tNnJtzoo2ETJyCbQzotOsrYIKJttNt19WosI0SNdzYpVUq_CkM4iethPVlY6jxWdLQsIo-CCro7lZo1ooxSR8x5fLWs9Suv9HY3isPTr2R2-Jy-YNapIH36RCh4svnblg2gnhQ5y7v7alaiKaOdcBJmJvBCsxdDcTxGqLMyJlhGo4NSC1wUbapdklWjNnXAhBubgLx7bnrygAr_bit15DQZYssou7Hg6bWzHbtniZxmbwUrW1sFcFoKnJXTcHKp4kzsrFpv5lUw0E3tjD3K-UmobZyDH8tN53fgK1v4C8ul1KlaoOZQ5pkv9e9VAVYpjie-XcovubHhj6VTeMCraVY0NaNyS7RumKWjjix0BiaesBfO2b2mR16jDxA7l8nrSREr_fuBSZ1UfTamMK7UiueRe4v9ltZH495inwzTL91xvDa5OSfdzFFrdfeKxCBAr1Y0Wg8c6zFFEUZwaqa8uR4MP3o5X3raXVqvMPV-B_5QNlpi6-ozFq0_WeDFC8jz6x8g3sgJ2rlzlLzKq1Nl3kGD6cUH5x-12mBcoMsg9nZrvIgXNIYGLq1Sf1iM4vJBCLI2DGRHJkyuolV9mfUwc8vLWkkw57cXCEOKC5rZccSksnZN09LSiwekN4xZUVCaS1B9JgngqoKRqwI8WYGUrDFKR3AwUuGnb19LQRsmSEns6I8Zj7SWU033RuZLvCNOu46gvFtPcx_HbknZXgZe2AOLgsTtHJRDUYxl_ds2H42L_v4DIIKhSLr1U2jgQ0Bx1-aQls4xD2sj_6wGmV1BKRiBQidYc68619kq8wLRjP8uLKr5G0g4Qy_Qh7ZDnfdFjVX21-aJv0BjKDcujnx2hSPs1KDTZGfLy1hevpBrT8jHMF1kVlfmnn4cSeLN2eLA8KJJ6gNkW2ojRnVZVN7gJRd6rfuRypUsfeZvgRtHNUvG4WjTiyep_u7hblKwsS-ig-0Vv4X_OtCJm_xuAXZmJ5AIbzpv9tSDSWKNrCtwcD5JUzTx3cI6p_b4Xv7kMi8GdEotPDThrH1ga4-K6BGwnqoBWzXImzpJckh-6Vc6qPErenvh0eakpWTv7peXfURW5CApW-1g8HLalCwsqn9XU_VOofVV9zLZJSQVUC2evQtPpjMXJ3EvnQQMSRmJDgC3yWT2SytnoAkfDv8m3hZO_EIHz3uWMj9OxuPApP7WI3Rwzq8dFOPYIK1BR1do54Wy4E992o_GAUvGI-QSphppqE3rbFeNT-_eC5vXqf3ep5hmuSt_ne2B16maHATqFDwvI-QcW_J3kUcHHyyebtZ5eC1QJvNl0HkgX8-fM3ePIoHGSCyo_ozVg77klhXfJ2ICL6Fbogv3IrORVWZqJFSXnpD2i-WQ10paKgoevbtLrOJY6UxzJvRbMae-uH2CwEUoPV7eyRKdWnFl3KF8IiL9BQPGcECiBuaI3k2qN68-Bk94rFF_BEkgzvTbtA85yXHiN_JhBWtt4WLuGNXY4eLVyzA70jd8eADjQKsIUsj35iUMwCn1WbVRI4SBJMGEIkB29fe8gyW8mx0SI9T02-xxmv-enbkgdSztPNDatwNFhOpjErHZxRQNhk7c4nmDzU92FS2N312kR3AMHHiG93yQBk8lFdQHZLvtkgl2s6zqF0P-x60z0hWKHgte7oRHPAWyRw2VC_7MqSkk_pe4Q2sQAchmBBrcj4jsy6bgGE2l3RDJDaj51jkK8Ss0EjlqdT9qyw3RiceNBUo25gEAqbZb0epBTltj6SVTUbCihL1P3rDA88Qbnq16PCArCZ85A1A1GB_Z1W51qfye-yzaMokjPbp-AKN6tk8C64ljCnB18drOLN2b2ORkYI2Jz4elQuH2ejaQy6R41l3Fh8TSuSgizDGsI8hFnzPCg7Jaz-kZIoiA3YEbFGxzb2XAgGxUYLU9-_m4wUN1xx_1RLOocgSK1rQTaakiUHZ03mp1KegKc6M2j6EvnycpGndkhIYu3znJK59kWyeKHcIvKpsMvLfa8-sRlUS4MdBs_IRz8u5qzFR7ApQG2Np-fANOHYvQ9UrZDnoVRlPQRXoWmrp26T0C1l6RAi437WDs_cw==	2026-11-27 00:32:26.738565+00
\.


--
-- Data for Name: sync_cursors; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.sync_cursors (stream, watermark, read_mode, read_started_at, read_cursor, full_read_at, full_returned, full_known, updated_at, visible_read, visible_naming_reader) FROM stdin;
7f3d2a1c-5b84-4e69-9d0a-c1e2f3a4b5c6/Incoming	2026-11-27T00:31:31.7538618Z	\N	\N	\N	2026-11-27 00:31:41.370161+00	24	25	2026-11-27 00:32:39.198371+00	25	0
\.


--
-- Data for Name: sync_runs; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.sync_runs (run_id, status, reason, mode, fetched, new, updated, unchanged, quarantined, without_domain, missing, pages, requests, retries, duration_seconds, watermark, error, started_at, finished_at) FROM stdin;
c4dec35b-f19d-4bff-a6b3-c92ba254fa51	success	\N	incremental	24	24	0	0	0	4	0	1	1	0	4.851	2026-11-26T05:53:53.7475443Z	\N	2026-11-27 00:31:06.983165+00	2026-11-27 00:31:11.827729+00
dc906f73-4cf8-4848-a582-51d078d84452	success	\N	incremental	4	1	2	1	0	1	0	1	1	0	2.985	2026-11-27T00:31:14.4305874Z	\N	2026-11-27 00:31:26.656735+00	2026-11-27 00:31:29.640635+00
74688482-850b-4439-a44b-525cca0e3120	success	\N	full	25	1	1	22	1	5	2	1	1	0	3.398	2026-11-27T00:31:31.7538618Z	\N	2026-11-27 00:31:41.33053+00	2026-11-27 00:31:44.727773+00
fa6f1b48-f0e9-4bae-918c-032d9eaa6daa	success	\N	incremental	3	0	0	3	0	1	0	1	1	0	5.423	2026-11-27T00:31:31.7538618Z	\N	2026-11-27 00:32:11.889088+00	2026-11-27 00:32:17.311453+00
d322aff7-8c4a-4005-9422-a94292612fe5	success	\N	incremental	3	0	0	3	0	1	0	1	1	0	3.614	2026-11-27T00:31:31.7538618Z	\N	2026-11-27 00:32:39.079685+00	2026-11-27 00:32:42.693114+00
\.


--
-- Name: companies_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.companies_id_seq', 13, true);


--
-- Name: quarantined_referrals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.quarantined_referrals_id_seq', 1, true);


--
-- Name: raw_referrals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.raw_referrals_id_seq', 58, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: companies companies_domain_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_domain_key UNIQUE (domain);


--
-- Name: companies companies_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.companies
    ADD CONSTRAINT companies_pkey PRIMARY KEY (id);


--
-- Name: domain_tenants domain_tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.domain_tenants
    ADD CONSTRAINT domain_tenants_pkey PRIMARY KEY (domain);


--
-- Name: forgetting_key forgetting_key_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgetting_key
    ADD CONSTRAINT forgetting_key_pkey PRIMARY KEY (only_one);


--
-- Name: forgotten_in forgotten_in_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgotten_in
    ADD CONSTRAINT forgotten_in_pkey PRIMARY KEY (referral_hash, address_hash);


--
-- Name: forgotten_people forgotten_people_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgotten_people
    ADD CONSTRAINT forgotten_people_pkey PRIMARY KEY (address_hash);


--
-- Name: forgotten_traces forgotten_traces_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgotten_traces
    ADD CONSTRAINT forgotten_traces_pkey PRIMARY KEY (address_hash, trace_hash);


--
-- Name: normalized_referrals normalized_referrals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.normalized_referrals
    ADD CONSTRAINT normalized_referrals_pkey PRIMARY KEY (referral_id);


--
-- Name: partner_center_referrals partner_center_referrals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.partner_center_referrals
    ADD CONSTRAINT partner_center_referrals_pkey PRIMARY KEY (referral_id);


--
-- Name: quarantined_referrals quarantined_referrals_content_hash_reason_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.quarantined_referrals
    ADD CONSTRAINT quarantined_referrals_content_hash_reason_key UNIQUE (content_hash, reason);


--
-- Name: quarantined_referrals quarantined_referrals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.quarantined_referrals
    ADD CONSTRAINT quarantined_referrals_pkey PRIMARY KEY (id);


--
-- Name: raw_referrals raw_referrals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.raw_referrals
    ADD CONSTRAINT raw_referrals_pkey PRIMARY KEY (id);


--
-- Name: raw_referrals raw_referrals_referral_id_content_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.raw_referrals
    ADD CONSTRAINT raw_referrals_referral_id_content_hash_key UNIQUE (referral_id, content_hash);


--
-- Name: sign_in sign_in_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sign_in
    ADD CONSTRAINT sign_in_pkey PRIMARY KEY (only_one);


--
-- Name: sync_cursors sync_cursors_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sync_cursors
    ADD CONSTRAINT sync_cursors_pkey PRIMARY KEY (stream);


--
-- Name: sync_runs sync_runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.sync_runs
    ADD CONSTRAINT sync_runs_pkey PRIMARY KEY (run_id);


--
-- Name: partner_center_referrals_company; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_company ON public.partner_center_referrals USING btree (company_sort, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_country; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_country ON public.partner_center_referrals USING btree (country, source_updated_at DESC NULLS LAST, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_created; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_created ON public.partner_center_referrals USING btree (source_created_at DESC NULLS LAST, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_domain; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_domain ON public.partner_center_referrals USING btree (domain);


--
-- Name: partner_center_referrals_expires; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_expires ON public.partner_center_referrals USING btree (expires_at, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_name ON public.partner_center_referrals USING btree (name_sort, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_status ON public.partner_center_referrals USING btree (status, source_updated_at DESC NULLS LAST, referral_id) INCLUDE (referral_type);


--
-- Name: partner_center_referrals_type; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_type ON public.partner_center_referrals USING btree (referral_type, source_updated_at DESC NULLS LAST, referral_id) INCLUDE (status);


--
-- Name: partner_center_referrals_updated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_updated ON public.partner_center_referrals USING btree (source_updated_at DESC NULLS LAST, referral_id) INCLUDE (referral_type, status);


--
-- Name: partner_center_referrals_value; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX partner_center_referrals_value ON public.partner_center_referrals USING btree (deal_value DESC NULLS LAST, referral_id) INCLUDE (referral_type, status);


--
-- Name: raw_referrals_newest; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX raw_referrals_newest ON public.raw_referrals USING btree (referral_id, source_updated_key DESC, seen_at DESC, content_hash DESC);


--
-- Name: raw_referrals_seen; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX raw_referrals_seen ON public.raw_referrals USING btree (seen_at);


--
-- Name: sync_runs_started; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX sync_runs_started ON public.sync_runs USING btree (started_at DESC);


--
-- Name: forgotten_in forgotten_in_address_hash_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgotten_in
    ADD CONSTRAINT forgotten_in_address_hash_fkey FOREIGN KEY (address_hash) REFERENCES public.forgotten_people(address_hash) ON DELETE CASCADE;


--
-- Name: forgotten_traces forgotten_traces_address_hash_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.forgotten_traces
    ADD CONSTRAINT forgotten_traces_address_hash_fkey FOREIGN KEY (address_hash) REFERENCES public.forgotten_people(address_hash) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict 7wxYLh6oxASSCqyTDC7MG9PPieSdLvdetYE3PJFej3PwUTmjNiuasmnqsLpDfMN

