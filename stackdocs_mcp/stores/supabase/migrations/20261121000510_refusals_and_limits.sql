-- The record of what was refused, and the buckets of what may be asked. Both are the program's own:
-- no user's token reaches them, and the program reaches them by these functions alone.

-- Refusals ----------------------------------------------------------------------------------------

-- Of a user's refusals in a day (UTC) only some have rows of their own; one row counts the others,
-- and is the one that has a day.
create table stackdocs.denials (
    id          bigint generated always as identity primary key,
    at          timestamptz not null,
    user_id     text not null,
    stack       text not null, -- as it was asked
    request     text not null,
    what        text not null,
    code        text not null,
    subject     text not null,
    count       bigint not null default 1 check (count > 0),
    counted_day date,
    call        uuid not null -- the last one that wrote it
);

create unique index denials_counted on stackdocs.denials (user_id, counted_day)
    where counted_day is not null;
create index denials_by_user on stackdocs.denials (user_id, at, id);
create index denials_by_age on stackdocs.denials (at, id);
create index denials_by_call on stackdocs.denials (call);

alter table stackdocs.denials enable row level security;
alter table stackdocs.denials force row level security;
create policy denials_select on stackdocs.denials for select using (false);
create policy denials_insert on stackdocs.denials for insert with check (false);
create policy denials_update on stackdocs.denials for update using (false);
create policy denials_delete on stackdocs.denials for delete using (false);

-- The user has so many rows of their own after that time.
create function stackdocs.has_denials(p_user text, p_after timestamptz, p_most integer)
returns boolean
language sql stable set search_path = ''
as $$
    select count(*) >= p_most from (
        select from stackdocs.denials
        where user_id = p_user and at > p_after and counted_day is null limit p_most
    ) as rows
$$;

-- Keep a refusal, or count it where the user has had too many; forget a few old ones. p_bounds has
-- the numbers of core/tenancy.py. The same call again changes nothing. Two at the same time would
-- both be the last that has a row: a user's refusals are recorded one after the other.
create function public.sd_record_denial(p_call uuid, p_now bigint, p_denial jsonb, p_bounds jsonb)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    moment constant pg_catalog.timestamptz := stackdocs.moment(p_now);
    usr constant pg_catalog.text := p_denial ->> 'user';
    today constant pg_catalog.date := (moment at time zone 'UTC')::pg_catalog.date;
    midnight constant pg_catalog.timestamptz := today::timestamp at time zone 'UTC';
begin
    perform stackdocs.serving();
    perform pg_advisory_xact_lock(hashtextextended(usr, 500));
    if exists (select from stackdocs.denials where call = p_call) then
        return;
    end if;
    -- An array, since a join could look for "the first few" again for each row.
    delete from stackdocs.denials where id = any (array(
        select id from stackdocs.denials
        where at < moment - (p_bounds ->> 'days')::integer * interval '1 day'
        order by at, id limit (p_bounds ->> 'pruned')::integer for update skip locked
    ));
    if stackdocs.has_denials(usr, moment - interval '1 minute',
            (p_bounds ->> 'minute')::integer)
        or stackdocs.has_denials(usr, midnight - interval '1 microsecond',
            (p_bounds ->> 'day')::integer) then
        insert into stackdocs.denials (at, user_id, stack, request, what, code, subject,
            counted_day, call)
        values (moment, usr, '', '', '', p_bounds ->> 'more', '', today, p_call)
        on conflict (user_id, counted_day) where counted_day is not null
            do update set count = denials.count + 1, at = excluded.at, call = excluded.call;
        return;
    end if;
    insert into stackdocs.denials (at, user_id, stack, request, what, code, subject, call)
    values (moment, usr, p_denial ->> 'stack', p_denial ->> 'request', p_denial ->> 'what',
        p_denial ->> 'code', p_denial ->> 'subject', p_call);
end
$$;
call stackdocs.callable('public.sd_record_denial(uuid,bigint,jsonb,jsonb)', 'stackdocs_server');

create function public.sd_denials(p_user text, p_stack text, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return (
        select coalesce(jsonb_agg(jsonb_build_object('at', stackdocs.micros(d.at),
            'user', d.user_id, 'stack', d.stack, 'request', d.request, 'what', d.what,
            'code', d.code, 'subject', d.subject, 'count', d.count)
            order by d.at desc, d.id desc), '[]')
        from (
            select * from stackdocs.denials as one
            where (p_user is null or one.user_id = p_user)
                and (p_stack is null or one.stack = p_stack)
            order by one.at desc, one.id desc limit greatest(p_limit, 0)
        ) as d
    );
end
$$;
call stackdocs.callable('public.sd_denials(text,text,integer)', 'stackdocs_server');

-- Limits ------------------------------------------------------------------------------------------

-- Token buckets. Not logged: nothing waits for the disk, and after a crash they are full again.
-- Half of a page stays free, so that a bucket is written beside where it stood.
create unlogged table stackdocs.limits (
    key     text primary key,
    held    double precision not null,
    at      double precision not null, -- seconds since 1970
    granted integer not null,
    full_at double precision not null
) with (fillfactor = 50);

alter table stackdocs.limits enable row level security;
alter table stackdocs.limits force row level security;
create policy limits_select on stackdocs.limits for select using (false);
create policy limits_insert on stackdocs.limits for insert with check (false);
create policy limits_update on stackdocs.limits for update using (false);
create policy limits_delete on stackdocs.limits for delete using (false);

-- Take at most so many from a bucket, in one statement: whoever else takes from it waits for its
-- end. "at" never goes back, but where the clock was put back by more than two clocks differ.
create function public.sd_take(p_key text, p_want integer, p_per_second double precision,
    p_burst integer, p_now double precision, p_skew double precision) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    taken stackdocs.limits;
begin
    perform stackdocs.serving();
    insert into stackdocs.limits as l (key, held, at, granted, full_at)
    values (p_key, p_burst - least(p_want, p_burst), p_now, least(p_want, p_burst),
        p_now + p_burst / p_per_second)
    on conflict (key) do update set (held, granted, at, full_at) = (
        select now_held - given, given,
            case when p_now < l.at - p_skew then p_now else greatest(l.at, p_now) end,
            greatest(l.at, p_now) + p_burst / p_per_second
        from least(p_burst, l.held + greatest(0, p_now - l.at) * p_per_second) as now_held,
            lateral (select least(p_want, floor(now_held)::integer) as given) as can
    )
    returning * into taken;
    return jsonb_build_array(taken.granted, taken.held, taken.at);
end
$$;
call stackdocs.callable(
    'public.sd_take(text,integer,double precision,integer,double precision,double precision)',
    'stackdocs_server');

-- Buckets that have long been full are forgotten: a new one is the same. Those that somebody is
-- taking from are left alone.
create function public.sd_forget_limits(p_before double precision) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    delete from stackdocs.limits where key = any (array(
        select key from stackdocs.limits where full_at < p_before
        limit 10000 for update skip locked
    ));
end
$$;
call stackdocs.callable('public.sd_forget_limits(double precision)', 'stackdocs_server');

revoke all on function stackdocs.has_denials(text, timestamptz, integer)
    from public, anon, authenticated, service_role;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values
    ('20261121000510', 'refusals_and_limits');
