-- The bytes of documents, in a private bucket. A file's key is its stack's id and a name that the
-- program makes of its bytes: <stack>/<uuid>. So the same bytes are one file of a stack, and who
-- may have a file follows from the key alone.
--
-- In a Supabase project the tables of Storage belong to Storage, which has switched row-level
-- security on; what is ours to make are policies. They name no other bucket, so what is in others
-- is as it was.

insert into storage.buckets (id, name, public) values ('documents', 'documents', false)
on conflict (id) do nothing;

-- A project's own roles get at Storage's tables by name or, where that may not be granted, as
-- Supabase's guide to roles of one's own has it: as members of anon.
do $$
declare
    one text;
begin
    grant usage on schema storage to stackdocs_worker, stackdocs_server;
    grant select, insert, delete on storage.objects to stackdocs_worker;
    grant select, delete on storage.objects to stackdocs_server;
    grant select on storage.buckets to stackdocs_worker, stackdocs_server;
    foreach one in array array['stackdocs_worker', 'stackdocs_server'] loop
        if not (has_schema_privilege(one, 'storage', 'usage')
            and has_table_privilege(one, 'storage.objects', 'select, delete')) then
            execute format('alter role %I inherit', one);
            execute format('grant anon to %I', one);
        end if;
    end loop;
end
$$;

-- The stack that a key belongs to; null for one that is no key of ours. A pattern, since a cast of
-- what is no uuid would fail a statement that only looks for others.
create function stackdocs.stack_of_file(p_key text) returns uuid
language sql immutable set search_path = ''
as $$
    select case when p_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/'
            '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        then split_part(p_key, '/', 1)::pg_catalog.uuid end
$$;

-- Whether the bound stack has this file, which stays until the transaction ends. As Storage does it:
-- it locks the row of what it is to remove, asks the policies, undoes what it did for that, and
-- removes the row with rights of its own. So no lock that a policy takes lasts until then, and the
-- row's own is what both wait for. Not as whoever calls, whom no policy lets lock it.
create function stackdocs.hold_file(p_key text) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform from storage.objects as o
    where o.bucket_id = 'documents' and o.name = p_key
        and stackdocs.stack_of_file(p_key) = stackdocs.stack_to('stack:write')
    for update;
    return found;
end
$$;

-- No document of the bound stack has this file, nor is about to. Volatile, since it looks after it
-- has waited for whoever is adding one: with a snapshot of its own for each statement.
create function stackdocs.is_unused_file(p_key text) returns boolean
language plpgsql volatile cost 10000 set search_path = ''
as $$
begin
    return stackdocs.hold_file(p_key) and not exists (select 1 from public.documents as d
        where d.stack_id = stackdocs.stack() and d.file_path = p_key);
end
$$;

-- The stack was deleted, and is being erased. No user may ask: to users it is one that never was.
create function stackdocs.is_deleted(p_stack uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
    select exists (select 1 from public.stacks as s
        where s.id = p_stack and s.deleted_at is not null)
$$;
call stackdocs.callable('stackdocs.is_deleted(uuid)', 'stackdocs_server');
grant execute on function stackdocs.stack_of_file(text)
    to authenticated, stackdocs_worker, stackdocs_server;
grant execute on function stackdocs.is_unused_file(text) to authenticated, stackdocs_worker;
call stackdocs.callable('stackdocs.hold_file(text)', 'authenticated', 'stackdocs_worker');

-- Some of the files that a stack has, by a range of keys: '0' is what comes after '/'. Storage has
-- an index of keys in this order.
create function stackdocs.files_of(p_stack uuid, p_limit integer) returns setof text
language sql stable set search_path = ''
as $$
    select o.name from storage.objects as o
    where o.bucket_id = 'documents' and o.name collate "C" >= p_stack || '/'
        and o.name collate "C" < p_stack || '0'
    order by o.name collate "C" limit p_limit
$$;
revoke all on function stackdocs.files_of(uuid, integer)
    from public, anon, authenticated, service_role;

-- Some of the files that are left of a stack that was deleted, and of no other: for the program.
-- Through Storage's own list it would ask of each file in the bucket whether it may see it.
create function public.sd_left_files(p_stack uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform stackdocs.serving();
    return (select coalesce(jsonb_agg(one), '[]') from stackdocs.files_of(p_stack, 100) as one
        where stackdocs.is_deleted(p_stack));
end
$$;
call stackdocs.callable('public.sd_left_files(uuid)', 'stackdocs_server');

-- A bucket that nobody may see looks to Storage like one that is missing.
create policy stackdocs_bucket_select on storage.buckets for select
    to authenticated, stackdocs_worker, stackdocs_server using (id = 'documents');

-- A range of keys, which an index finds: a pattern would be tried on each file in the bucket.
create policy stackdocs_files_select on storage.objects for select
    to authenticated, stackdocs_worker
    using (bucket_id = 'documents'
        and name collate "C" >= (select stackdocs.stack() || '/')
        and name collate "C" < (select stackdocs.stack() || '0'));
create policy stackdocs_files_insert on storage.objects for insert
    to authenticated, stackdocs_worker
    with check (bucket_id = 'documents'
        and stackdocs.stack_of_file(name) = (select stackdocs.stack_to('stack:write')));
-- Bytes that a name was made of are never other ones.
create policy stackdocs_files_update on storage.objects for update
    to authenticated, stackdocs_worker
    using (false) with check (false);
create policy stackdocs_files_delete on storage.objects for delete
    to authenticated, stackdocs_worker
    using (bucket_id = 'documents'
        and name collate "C" >= (select stackdocs.stack_to('stack:write') || '/')
        and name collate "C" < (select stackdocs.stack_to('stack:write') || '0')
        and stackdocs.is_unused_file(name));

-- Nobody is a member of a stack that was deleted, so the program itself clears it away.
create policy stackdocs_erased_select on storage.objects for select to stackdocs_server
    using (bucket_id = 'documents' and stackdocs.is_deleted(stackdocs.stack_of_file(name)));
create policy stackdocs_erased_delete on storage.objects for delete to stackdocs_server
    using (bucket_id = 'documents' and stackdocs.is_deleted(stackdocs.stack_of_file(name)));

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000600', 'storage');
