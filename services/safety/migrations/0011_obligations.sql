-- Who owns which obligation by the trial's ledger, and which deadlines are open (shared/rules/ledger_rows.py).
CREATE TABLE obligation_owners (
    trial_id uuid PRIMARY KEY,
    owners   jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE trial_deadlines (
    trial_id uuid PRIMARY KEY,
    open     jsonb NOT NULL DEFAULT '{}'
);

-- Deadlines that are open when this is applied go on to their owners, too.
INSERT INTO trial_deadlines (trial_id, open)
SELECT trial_id, jsonb_object_agg(deadline_id, jsonb_build_object(
    'code', code, 'subject_kind', subject_kind, 'subject_id', subject_id))
FROM deadline WHERE trial_id IS NOT NULL AND status IN ('armed', 'at_risk', 'missed') GROUP BY trial_id;
