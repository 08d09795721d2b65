-- Who may do what in a stack, one-time links that were used, and what is told of all of a user's
-- stacks.

-- Members -----------------------------------------------------------------------------------------

-- SD403 unless the bound stack may be administered: by the role, and by the token.
create function stackdocs.administer() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if stackdocs.stack_to('stack:admin') is null then
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = '{"right": "stack:admin"}';
    end if;
end
$$;

-- Text is put in order by its bytes, as the other store does it, whatever the project's language.
create function public.sd_members(p_call jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    return (
        select jsonb_agg(jsonb_build_object('user', m.user_id, 'role', m.role,
            'since', stackdocs.micros(m.created_at))
            order by m.role <> 'owner', m.user_id collate "C")
        from stackdocs.members as m where m.stack_id = me.stack
    );
end
$$;
call stackdocs.callable('public.sd_members(jsonb)', 'authenticated');

-- SD501: it is the owner's place. SD502: there would be a second owner.
create function public.sd_grant(p_call jsonb, p_user text, p_role text) returns void
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
begin
    perform stackdocs.administer();
    if p_user = me.owner then
        raise exception using errcode = 'SD501', message = 'the owner stays';
    end if;
    if p_role = 'owner' then
        raise exception using errcode = 'SD502', message = 'one owner';
    end if;
    insert into stackdocs.members (user_id, stack_id, role, created_at)
    values (p_user, me.stack, p_role, me.now)
    on conflict (user_id, stack_id) do update set role = excluded.role;
end
$$;
call stackdocs.callable('public.sd_grant(jsonb,text,text)', 'authenticated');

create function public.sd_revoke(p_call jsonb, p_user text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'revoke');
begin
    if answer is not null then
        return answer;
    end if;
    perform stackdocs.administer();
    if p_user = me.owner then
        raise exception using errcode = 'SD501', message = 'the owner stays';
    end if;
    delete from stackdocs.members where stack_id = me.stack and user_id = p_user;
    return stackdocs.keep(me, p_call, 'revoke', to_jsonb(found));
end
$$;
call stackdocs.callable('public.sd_revoke(jsonb,text)', 'authenticated');

-- Links -------------------------------------------------------------------------------------------

-- One-time links that were used, and for what, until nobody could use them again anyway. When a
-- link ends is part of what it is: a use of it is found by both.
create table stackdocs.used_links (
    stack_id   uuid not null references public.stacks (id),
    nonce      text not null,
    use        text not null,
    expires_at timestamptz not null,
    used_at    timestamptz not null default clock_timestamp(), -- by the database's clock alone
    primary key (stack_id, nonce, expires_at)
);

create index used_links_by_age on stackdocs.used_links (used_at);

alter table stackdocs.used_links enable row level security;
alter table stackdocs.used_links force row level security;

-- Whoever has a link may use it, to read as well as to write; no use is ever changed,
-- or undone.
create policy used_links_select on stackdocs.used_links for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy used_links_insert on stackdocs.used_links for insert to authenticated
    with check (stack_id = (select stackdocs.stack())
        and (select stackdocs.is_in_call()));
create policy used_links_update on stackdocs.used_links for update to authenticated using (false);
create policy used_links_delete on stackdocs.used_links for delete to authenticated using (false);
grant select on stackdocs.used_links to authenticated;
grant insert (stack_id, nonce, use, expires_at) on stackdocs.used_links to authenticated;

-- Forget a few uses, whosever, of links that ended at least a day ago. No time that a caller names
-- decides this alone: a use is known for a day of the database's clock, whenever its link ends.
create function stackdocs.forget_links() returns void
language sql volatile security definer set search_path = ''
as $$
    delete from stackdocs.used_links where ctid = any (array(
        select l.ctid from stackdocs.used_links as l
        where l.used_at < clock_timestamp() - interval '1 day'
            and l.expires_at < clock_timestamp() - interval '1 day'
        order by l.used_at limit 4 for update skip locked))
$$;
call stackdocs.callable('stackdocs.forget_links()', 'authenticated');

create function public.sd_use_link(p_call jsonb, p_nonce text, p_use text, p_expires_at bigint)
returns text
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    first text;
begin
    perform stackdocs.forget_links();
    insert into stackdocs.used_links (stack_id, nonce, use, expires_at)
    values (me.stack, p_nonce, p_use, stackdocs.moment(p_expires_at))
    on conflict do nothing;
    select l.use into first from stackdocs.used_links as l
    where l.stack_id = me.stack and l.nonce = p_nonce
        and l.expires_at = stackdocs.moment(p_expires_at);
    return coalesce(first, p_use);
end
$$;
call stackdocs.callable('public.sd_use_link(jsonb,text,text,bigint)', 'authenticated');

-- A user's own stacks -----------------------------------------------------------------------------

-- Of stacks that the token does not name no policy shows a document; how many there are, by status,
-- and what they cost is all that their owner is told here.
create function stackdocs.own_counts()
returns table (stack_id uuid, status text, documents bigint, billed bigint)
language sql stable security definer set search_path = ''
as $$
    select d.stack_id, d.status, count(*), sum(d.billed_pages)
    from public.stacks as s join public.documents as d on d.stack_id = s.id
    where s.user_id = stackdocs.usr() and s.deleted_at is null
        and stackdocs.claims() ->> 'stack_id' is null
    group by d.stack_id, d.status
$$;
call stackdocs.callable('stackdocs.own_counts()', 'authenticated');

create function public.sd_stacks() returns jsonb
language sql stable set search_path = ''
as $$
    select coalesce(jsonb_agg(stackdocs.stack_json(s) || jsonb_build_object(
            'documents', coalesce(c.documents, '{}'), 'billed', coalesce(c.billed, 0))
        order by s.name collate "C", s.id), '[]')
    from public.stacks as s
    left join (
        select one.stack_id, jsonb_object_agg(one.status, one.documents) as documents,
            sum(one.billed) as billed
        from stackdocs.own_counts() as one group by one.stack_id
    ) as c on c.stack_id = s.id
    where s.user_id = stackdocs.usr() and s.deleted_at is null
$$;
call stackdocs.callable('public.sd_stacks()', 'authenticated');

-- The program's own -------------------------------------------------------------------------------

-- What a definer function of the program's own asks first: nobody else gets anything from it, also
-- where somebody was granted it by mistake.
create function stackdocs.serving() returns void
language plpgsql stable set search_path = ''
as $$
begin
    if stackdocs.claims() ->> 'role' is distinct from 'stackdocs_server' then
        raise exception using errcode = '42501', message = 'only for the program itself';
    end if;
end
$$;

create index documents_unread on public.documents (stack_id) where status = 'processing';

-- Owner and id of each stack with documents to be read, and nothing else of it.
create function public.sd_unread() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return (
        select coalesce(jsonb_agg(jsonb_build_array(s.user_id, s.id)), '[]')
        from (select distinct d.stack_id from public.documents as d where d.status = 'processing')
            as d
        join public.stacks as s on s.id = d.stack_id and s.deleted_at is null
    );
end
$$;
call stackdocs.callable('public.sd_unread()', 'stackdocs_server');

create function public.sd_ready() returns boolean
language sql stable set search_path = ''
as $$
    select true
$$;
call stackdocs.callable('public.sd_ready()', 'stackdocs_server');

grant execute on function stackdocs.administer() to authenticated;
revoke all on function stackdocs.serving() from public, anon, authenticated, service_role;

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000500', 'sharing');
