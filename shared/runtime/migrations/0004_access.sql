-- What queries of the API see: rows by policy, as the role trialwire_api, which an administrator makes.
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trialwire_api') THEN
        RAISE EXCEPTION 'the role trialwire_api is missing: python -m shared.stack.deploy makes it';
    END IF;
END $$;
GRANT USAGE ON SCHEMA es, public TO trialwire_api;

-- What the one who asks reaches, for the rest of the transaction, which goes on as that role.
CREATE FUNCTION es.enter(
    p_everything boolean, p_sponsors uuid[], p_trials uuid[], p_sites uuid[], p_site_trials uuid[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('trialwire.everything', p_everything::text, true),
            set_config('trialwire.sponsors', p_sponsors::text, true),
            set_config('trialwire.trials', p_trials::text, true),
            set_config('trialwire.sites', p_sites::text, true),
            set_config('trialwire.site_trials', p_site_trials::text, true),
            set_config('role', 'trialwire_api', true);
END $$;

CREATE FUNCTION es.everything() RETURNS boolean STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(current_setting('trialwire.everything', true), '') = 'true'
$$;
CREATE FUNCTION es.granted(p_what text) RETURNS uuid[] STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT coalesce(nullif(current_setting('trialwire.' || p_what, true), ''), '{}')::uuid[]
$$;
CREATE FUNCTION es.sees_trial(p_trial uuid) RETURNS boolean STABLE PARALLEL SAFE LANGUAGE sql AS $$
    SELECT p_trial = ANY (es.granted('trials')) OR EXISTS (
        SELECT FROM es.trial t WHERE t.trial_id = p_trial AND t.sponsor_id = ANY (es.granted('sponsors')))
$$;

-- Tables whose rows are about a trial as a whole, so that its sites see them too.
CREATE TABLE es.of_whole_trial (name text PRIMARY KEY);

-- The rule of a projection's table, from its columns; a table that no rule fits is seen with everything only.
CREATE FUNCTION es.rule_of(p_table text) RETURNS text STABLE LANGUAGE plpgsql AS $$
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
    RETURN rule;
END $$;

-- Puts a table of projections under its rule; does nothing where it stands under it already.
CREATE FUNCTION es.protect(p_table text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rule text := es.rule_of(p_table);
    target regclass := format('public.%I', p_table)::regclass;
BEGIN
    IF EXISTS (SELECT FROM pg_policy WHERE polrelid = target AND polname = 'seen'
               AND obj_description(oid, 'pg_policy') = rule) THEN
        RETURN;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('DROP POLICY IF EXISTS seen ON %s', target);
    EXECUTE format('DROP POLICY IF EXISTS kept ON %s', target);
    EXECUTE format('CREATE POLICY seen ON %s FOR SELECT TO trialwire_api USING (%s)', target, rule);
    EXECUTE format('COMMENT ON POLICY seen ON %s IS %L', target, rule);
    EXECUTE format('CREATE POLICY kept ON %s TO CURRENT_USER USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT SELECT ON %s TO trialwire_api', target);
END $$;

ALTER TABLE es.stream ENABLE ROW LEVEL SECURITY;
ALTER TABLE es.stream FORCE ROW LEVEL SECURITY;
CREATE POLICY kept ON es.stream TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY seen ON es.stream FOR SELECT TO trialwire_api USING (
    (SELECT es.everything()) OR sponsor_id = ANY (es.granted('sponsors')) OR trial_id = ANY (es.granted('trials'))
    OR (site_id = ANY (es.granted('sites')) AND trial_id = ANY (es.granted('site_trials'))));
ALTER TABLE es.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE es.event FORCE ROW LEVEL SECURITY;
CREATE POLICY kept ON es.event TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY seen ON es.event FOR SELECT TO trialwire_api USING (
    (SELECT es.everything()) OR EXISTS (SELECT FROM es.stream s WHERE s.stream_id = event.stream_id));
ALTER TABLE es.trial ENABLE ROW LEVEL SECURITY;
ALTER TABLE es.trial FORCE ROW LEVEL SECURITY;
CREATE POLICY kept ON es.trial TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY seen ON es.trial FOR SELECT TO trialwire_api USING (
    (SELECT es.everything()) OR sponsor_id = ANY (es.granted('sponsors')) OR trial_id = ANY (es.granted('trials')));
GRANT SELECT ON es.stream, es.event, es.trial TO trialwire_api;
