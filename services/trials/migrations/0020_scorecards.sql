-- A scorecard reads when boards approved from the rows of cycle times (projections/cycle_times.py).
DROP TABLE site_approval;

-- A site that was terminated has ended on that day, as one that was closed (projections/sites.py).
UPDATE site s SET closed_on = (e.data::jsonb ->> 'terminated_on')::date FROM es.event e
WHERE s.status = 'terminated' AND e.stream_id = s.site_id AND e.type = 'trials.site.terminated.v1';
