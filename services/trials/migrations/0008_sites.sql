-- Sites from their identification to their end: steps, feasibility, contracts, the people who serve there.
ALTER TABLE site
    ADD COLUMN facility text,
    ADD COLUMN place text,
    ADD COLUMN reason text,
    ADD COLUMN qualification_waived text,
    ADD COLUMN visit_on date,
    ADD COLUMN qualified_on date,
    ADD COLUMN enrolment_closed_on date,
    ADD COLUMN closed_on date;
ALTER TABLE site_guard ADD COLUMN enrolment_closed_on date;
CREATE INDEX site_facility ON site (facility, trial_id) WHERE facility IS NOT NULL;
CREATE INDEX site_place ON site (place, trial_id) WHERE place IS NOT NULL;

CREATE TABLE feasibility (
    site_id          uuid PRIMARY KEY,
    trial_id         uuid,
    questionnaire_id uuid,
    status           text,
    questions        jsonb NOT NULL DEFAULT '[]',
    weights          jsonb,
    conditions       jsonb NOT NULL DEFAULT '[]',
    answers          jsonb NOT NULL DEFAULT '[]',
    sent_on          date,
    due_on           date,
    received_on      date,
    score            double precision,
    covered          double precision,
    capacity         bigint,
    factors          jsonb NOT NULL DEFAULT '[]',
    outcome          text,
    completed_on     date
);
CREATE INDEX feasibility_trial ON feasibility (trial_id, site_id);

CREATE TABLE site_contract (
    contract_id  uuid PRIMARY KEY,
    trial_id     uuid,
    site_id      uuid,
    kind         text,
    status       text,
    to_act       text,
    opened_on    date,
    since        date,
    ended_on     date,
    effective_on date,
    expires_on   date,
    document_ref text,
    reason       text,
    steps        jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX site_contract_trial ON site_contract (trial_id, contract_id);

CREATE TABLE investigator (
    investigator_id uuid PRIMARY KEY,
    trial_id        uuid,
    site_id         uuid,
    role            text,
    identifiers     jsonb NOT NULL DEFAULT '[]',
    from_on         date,
    until           date,
    tasks           jsonb NOT NULL DEFAULT '[]',
    delegated_on    date,
    qualifications  jsonb NOT NULL DEFAULT '{}',
    expiring        jsonb NOT NULL DEFAULT '{}',
    expired         jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX investigator_trial ON investigator (trial_id, investigator_id);
CREATE INDEX investigator_identifiers ON investigator USING gin (identifiers jsonb_path_ops);

CREATE TABLE site_staff (
    site_id    uuid PRIMARY KEY,
    trial_id   uuid,
    delegating boolean NOT NULL DEFAULT false,
    staff      jsonb NOT NULL DEFAULT '{}'
);

-- A registry's date is a year, a month or a day: its first day counts, and a year alone is no date.
CREATE FUNCTION registry_day(p_date jsonb) RETURNS date IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE p_date ->> 'precision'
        WHEN 'day' THEN (p_date ->> 'text')::date
        WHEN 'month' THEN ((p_date ->> 'text') || '-01')::date
    END
$$;

-- What the registry's records say of the place of each site. A function, for a table that is rebuilt is another
-- table, and no view may hold on to the former one.
CREATE FUNCTION registry_records() RETURNS TABLE (
    site_id uuid, facility text, trials integer, similar integer, speed double precision, speed_trials integer,
    competing_facility integer, competing_city integer, as_of date
) STABLE LANGUAGE sql AS $$
    SELECT s.site_id, s.facility, h.trials, h.similar, h.speed, h.speed_trials, h.competing, c.competing, h.as_of
    FROM public.site s
    CROSS JOIN LATERAL (
        SELECT ARRAY(
            SELECT lower(w) FROM jsonb_array_elements_text(coalesce(
                (SELECT f.conditions FROM public.feasibility f WHERE f.site_id = s.site_id AND f.conditions <> '[]'),
                (SELECT t.registry -> 'conditions' FROM public.trial t WHERE t.trial_id = s.trial_id), '[]')) w
        ) AS conditions,
        ARRAY(SELECT jsonb_array_elements_text(t.phases) FROM public.trial t WHERE t.trial_id = s.trial_id) AS phases
    ) own
    CROSS JOIN LATERAL (
        SELECT count(*)::integer AS trials,
            (count(*) FILTER (WHERE r.shares AND r.phases ?| own.phases))::integer AS similar,
            (percentile_cont(0.5) WITHIN GROUP (ORDER BY r.speed))::double precision AS speed,
            count(r.speed)::integer AS speed_trials,
            (count(*) FILTER (WHERE r.shares AND r.recruits))::integer AS competing,
            max(r.updated) AS as_of
        FROM (
            SELECT t.phases, t.registry_status = 'RECRUITING' AND x.listed AS recruits,
                EXISTS (SELECT FROM jsonb_array_elements_text(t.registry -> 'conditions') w
                        WHERE lower(w) = ANY (own.conditions)) AS shares,
                registry_day(jsonb_build_object('text', t.registry_updated, 'precision',
                    CASE length(t.registry_updated) WHEN 10 THEN 'day' WHEN 7 THEN 'month' END)) AS updated,
                CASE WHEN t.registry ->> 'enrolment_kind' = 'actual' THEN
                    (t.registry ->> 'enrolment')::double precision / n.sites / nullif(greatest(
                        registry_day(coalesce(nullif(t.registry -> 'primary_completion', 'null'),
                                              nullif(t.registry -> 'completion', 'null')))
                        - registry_day(t.registry -> 'start'), 0) / 30.44, 0)
                END AS speed
            FROM (SELECT i.trial_id, bool_or(i.listed AND coalesce(i.registry_status, 'RECRUITING') = 'RECRUITING')
                      AS listed
                  FROM public.site i
                  WHERE i.facility = s.facility AND i.basis = 'registry' AND i.trial_id <> s.trial_id
                  GROUP BY i.trial_id) x
            JOIN public.trial t ON t.trial_id = x.trial_id AND t.registry IS NOT NULL
            CROSS JOIN LATERAL (SELECT count(*) AS sites FROM public.site y
                                WHERE y.trial_id = t.trial_id AND y.basis = 'registry') n
        ) r
    ) h
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT t.trial_id)::integer AS competing
        FROM public.site i JOIN public.trial t ON t.trial_id = i.trial_id
        WHERE i.place = s.place AND i.facility IS DISTINCT FROM s.facility AND i.basis = 'registry' AND i.listed
            AND i.trial_id <> s.trial_id AND t.registry_status = 'RECRUITING'
            AND coalesce(i.registry_status, 'RECRUITING') = 'RECRUITING'
            AND NOT EXISTS (SELECT FROM public.site o WHERE o.facility = s.facility AND o.trial_id = t.trial_id)
            AND EXISTS (SELECT FROM jsonb_array_elements_text(t.registry -> 'conditions') w
                        WHERE lower(w) = ANY (own.conditions))
    ) c
$$;
CREATE VIEW registry_record AS SELECT * FROM registry_records();
