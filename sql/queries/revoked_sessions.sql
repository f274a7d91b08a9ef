-- Sessions of the lead desk that were signed out.

-- name: revoke_session!
insert into revoked_sessions (session_hash, expires_at)
values (:session_hash, :expires_at)
on conflict do nothing;

-- name: delete_expired_sessions!
delete from revoked_sessions
where expires_at < now();

-- name: is_session_revoked$
select count(*) > 0 from revoked_sessions
where session_hash = :session_hash;
