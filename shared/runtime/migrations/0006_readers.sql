-- What was handed to another organisation, what would reveal an allocation, and who read what.

-- The organisation that a stream as a whole was handed to: a deadline, a report.
ALTER TABLE es.stream ADD COLUMN organisation_id uuid;
ALTER TABLE deadline ADD COLUMN organisation_id uuid;

CREATE FUNCTION es.hand(p_streams uuid[], p_organisations uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(p_streams) > 0 THEN
        UPDATE es.stream s SET organisation_id = u.organisation FROM unnest(p_streams, p_organisations) u(id, organisation)
            WHERE s.stream_id = u.id;
    END IF;
END $$;

-- A row for each answered query, written by es.enter and by nothing else. `path` is the route's, so that no text of a
-- request stands here; `ids` are those that the path and the query named, `parameters` the query's, null where it is a text.
CREATE TABLE es.reading (
    at timestamptz NOT NULL,
    reading_id uuid NOT NULL DEFAULT gen_random_uuid(),
    actor text NOT NULL,
    roles text[] NOT NULL,
    page text NOT NULL,
    path text NOT NULL,
    ids uuid[] NOT NULL,
    parameters jsonb NOT NULL,
    everything boolean NOT NULL,
    restricted boolean NOT NULL,
    sponsors uuid[] NOT NULL,
    trials uuid[] NOT NULL,
    sites uuid[] NOT NULL,
    organisations uuid[] NOT NULL,
    request_id text NOT NULL,
    PRIMARY KEY (at, reading_id)
);
CREATE INDEX reading_of ON es.reading USING gin (ids);
CREATE INDEX reading_by ON es.reading (actor, at);

CREATE FUNCTION es.no_change_of_readings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'readings are append-only';
END $$;
CREATE TRIGGER reading_append_only BEFORE UPDATE OR DELETE ON es.reading
    FOR EACH ROW EXECUTE FUNCTION es.no_change_of_readings();
CREATE TRIGGER reading_not_truncated BEFORE TRUNCATE ON es.reading
    FOR EACH STATEMENT EXECUTE FUNCTION es.no_change_of_readings();

-- Keeps who reads what, says what they reach for the rest of the transaction, which writes nothing from here on, and goes
-- on as the role that sees by row; not so where p_by_row is false, for the pages of operations.
DROP FUNCTION es.enter(boolean, uuid[], uuid[], uuid[], uuid[]);
CREATE FUNCTION es.enter(
    p_everything boolean, p_restricted boolean, p_sponsors uuid[], p_trials uuid[], p_sites uuid[], p_site_trials uuid[],
    p_organisations uuid[], p_actor text, p_roles text[], p_page text, p_path text, p_ids uuid[], p_parameters text,
    p_request_id text, p_by_row boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO es.reading (at, actor, roles, page, path, ids, parameters, everything, restricted, sponsors, trials, sites,
                            organisations, request_id)
    VALUES (clock_timestamp(), p_actor, p_roles, p_page, p_path, p_ids, p_parameters::jsonb, p_everything, p_restricted,
            p_sponsors, p_trials, p_sites, p_organisations, p_request_id);
    PERFORM set_config('trialwire.everything', p_everything::text, true),
            set_config('trialwire.restricted', p_restricted::text, true),
            set_config('trialwire.sponsors', p_sponsors::text, true),
            set_config('trialwire.trials', p_trials::text, true),
            set_config('trialwire.sites', p_sites::text, true),
            set_config('trialwire.site_trials', p_site_trials::text, true),
            set_config('trialwire.organisations', p_organisations::text, true),
            set_config('trialwire.page', p_page, true),
            set_config('transaction_read_only', 'on', true);
    IF p_by_row THEN
        PERFORM set_config('role', 'trialwire_api', true);
    END IF;
END $$;
REVOKE EXECUTE ON FUNCTION es.enter FROM PUBLIC;

-- Whether the role that opened the page may see what would reveal an allocation.
CREATE FUNCTION es.restricted() RETURNS boolean STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(current_setting('trialwire.restricted', true), '') = 'true'
$$;

-- The rule of a projection's table, from its columns; a table that no rule fits is seen with everything only.
CREATE OR REPLACE FUNCTION es.rule_of(p_table text) RETURNS text STABLE LANGUAGE plpgsql AS $$
DECLARE
    columns text[] := ARRAY(SELECT attname FROM pg_attribute
        WHERE attrelid = format('public.%I', p_table)::regclass AND attnum > 0 AND NOT attisdropped);
    key text := (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
        WHERE i.indrelid = format('public.%I', p_table)::regclass AND i.indisprimary
            AND a.attnum = i.indkey[0] AND a.atttypid = 'uuid'::regtype);
    rule text := '(SELECT es.everything())';
BEGIN
    IF 'trial_id' = ANY (columns) THEN
        rule := rule || ' OR es.sees_trial(trial_id)';
        IF key = 'trial_id' OR EXISTS (SELECT FROM es.of_whole_trial WHERE name = p_table) THEN
            rule := rule || ' OR trial_id = ANY (es.granted(''site_trials''))';
        END IF;
    ELSIF 'trial_ids' = ANY (columns) THEN
        rule := rule || ' OR EXISTS (SELECT FROM jsonb_array_elements_text(trial_ids) t WHERE es.sees_trial(t::uuid))';
    ELSIF key IS NOT NULL THEN
        rule := rule || format(' OR EXISTS (SELECT FROM es.stream s WHERE s.stream_id = %I)', key);
    END IF;
    IF 'site_id' = ANY (columns) AND 'trial_id' = ANY (columns) THEN
        rule := rule || ' OR (site_id = ANY (es.granted(''sites'')) AND trial_id = ANY (es.granted(''site_trials'')))';
    END IF;
    IF 'organisation_id' = ANY (columns) THEN
        rule := rule || ' OR organisation_id = ANY (es.granted(''organisations''))';
    END IF;
    IF 'organisation_ids' = ANY (columns) THEN
        rule := rule || ' OR organisation_ids ?| es.granted(''organisations'')::text[]';
    END IF;
    IF 'restricted' = ANY (columns) THEN
        rule := format('(%s) AND (restricted IS NOT TRUE OR (SELECT es.restricted()))', rule);
    END IF;
    RETURN rule;
END $$;

DROP POLICY seen ON es.stream;
CREATE POLICY seen ON es.stream FOR SELECT TO trialwire_api USING (
    ((SELECT es.everything()) OR sponsor_id = ANY (es.granted('sponsors')) OR trial_id = ANY (es.granted('trials'))
     OR (site_id = ANY (es.granted('sites')) AND trial_id = ANY (es.granted('site_trials')))
     OR organisation_id = ANY (es.granted('organisations')))
    AND (topic NOT LIKE '%.restricted' OR (SELECT es.restricted())));
-- Also for those who see everything: whether an event would reveal an allocation, its stream knows.
DROP POLICY seen ON es.event;
CREATE POLICY seen ON es.event FOR SELECT TO trialwire_api USING (
    EXISTS (SELECT FROM es.stream s WHERE s.stream_id = event.stream_id));

-- Of the ids those that name what is reached. The function asks as whoever asks, so their policies count.
CREATE FUNCTION es.theirs(p_ids uuid[]) RETURNS uuid[] STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE WHEN (SELECT es.everything()) THEN p_ids ELSE ARRAY(
        SELECT i FROM unnest(p_ids) WITH ORDINALITY u(i, n)
        WHERE es.sees_trial(i) OR EXISTS (SELECT FROM es.stream s WHERE s.stream_id = i) ORDER BY n) END
$$;

-- Parameters without the ids that name anything else: null in the place of one, a list without them.
CREATE FUNCTION es.told(p_parameters jsonb, p_ids uuid[]) RETURNS jsonb STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT CASE WHEN (SELECT es.everything()) THEN p_parameters ELSE (
        WITH i AS MATERIALIZED (SELECT to_jsonb(p_ids) AS named, to_jsonb(es.theirs(p_ids)) AS theirs)
        SELECT coalesce(jsonb_object_agg(p.key, CASE
            WHEN jsonb_typeof(p.value) = 'array' THEN (SELECT coalesce(jsonb_agg(v), '[]')
                FROM jsonb_array_elements(p.value) v WHERE NOT i.named @> v OR i.theirs @> v)
            WHEN NOT i.named @> p.value OR i.theirs @> p.value THEN p.value END), '{}')
        FROM i, jsonb_each(p_parameters) p) END
$$;

-- Readings as their own page shows them, and no other. Who read what would reveal an allocation may reveal it too: it is for
-- restricted roles. Where not everything is reached, those that name what is, and of them that alone. A view and no policy: an
-- index over arrays is not used under one. `named` is for that index; what is shown are `ids`.
CREATE VIEW es.readings AS
    SELECT at, reading_id, actor, roles, page, path, es.theirs(ids) AS ids, ids AS named, es.told(parameters, ids) AS parameters,
        everything, restricted, sponsors, trials, sites, organisations, request_id
    FROM es.reading
    WHERE (SELECT coalesce(current_setting('trialwire.page', true), '') LIKE '%.readings')
    AND (NOT restricted OR (SELECT es.restricted()))
    AND ((SELECT es.everything()) OR cardinality(es.theirs(ids)) > 0);
GRANT SELECT ON es.readings TO trialwire_api;
