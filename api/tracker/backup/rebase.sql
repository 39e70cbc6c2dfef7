-- Runs at the end of the transaction that restores a database. Transaction numbers begin anew in another cluster, so
-- what was written under the old ones must look as past as it is.

RESET search_path;

-- Up to where daily counts are made. Days that were still to be counted anew stay so.
UPDATE statistics_progress SET
    counted_at = least(counted_at, (
        SELECT min(created_at) FROM events
        WHERE txid >= pg_snapshot_xmin(CAST(seen AS pg_snapshot))
          AND NOT pg_visible_in_snapshot(txid, CAST(seen AS pg_snapshot))
          AND (changes ? 'status' OR type IN ('issue.deleted', 'issue.restored'))
    )),
    seen = CAST(pg_current_snapshot() AS text);

-- 3 is the first number that a cluster gives away. An UPDATE would leave the table twice as large.
ALTER TABLE events ALTER COLUMN txid TYPE xid8 USING CAST('3' AS xid8);

-- Clients that come with a cursor from before are told to load anew.
UPDATE installation SET id = gen_random_uuid();

ANALYZE;
