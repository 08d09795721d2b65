-- The original product's tables, out of the way: everything of them goes into a schema of its own,
-- with indexes, policies, triggers and rows. Nothing is deleted. What is not the original's stays.
-- One statement after the other in one transaction; run by `migrate --from-stackdocs`.
--
-- Back again, as long as nothing was imported:  select stackdocs_original.go_back();

create schema if not exists stackdocs_original; -- is there where somebody went back
revoke all on schema stackdocs_original from public;

-- What was taken away rather than moved, as it is made again.
create table stackdocs_original.taken_away (
    position bigint generated always as identity primary key,
    made_by  text not null
);

do $$
declare
    one record;
begin
    for one in
        select c.relname as name from pg_catalog.pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and c.relname = any (array['users', 'documents', 'ocr_results', 'extractions', 'stacks',
                'stack_documents', 'stack_tables', 'stack_table_rows'])
    loop
        execute pg_catalog.format('alter table public.%I set schema stackdocs_original', one.name);
    end loop;

    -- Functions that would look for the tables where they were, or stand where ours are to be.
    for one in
        select p.oid::regprocedure as signature from pg_catalog.pg_proc as p
        where p.pronamespace = 'public'::regnamespace and (
            p.proname in ('update_extraction_field', 'remove_extraction_field')
            or exists (
                select 1 from pg_catalog.pg_trigger as t
                join pg_catalog.pg_class as c on c.oid = t.tgrelid
                where t.tgfoid = p.oid and c.relnamespace = 'stackdocs_original'::regnamespace
            ) and not exists (
                select 1 from pg_catalog.pg_trigger as t
                join pg_catalog.pg_class as c on c.oid = t.tgrelid
                where t.tgfoid = p.oid and c.relnamespace <> 'stackdocs_original'::regnamespace
            ))
    loop
        execute pg_catalog.format('alter function %s set schema stackdocs_original', one.signature);
    end loop;

    -- Policies on the bucket's files let a user pass the stack by: what is allowed by one of them
    -- is allowed. The project's secret key, which the import reads with, needs none.
    for one in
        select p.policyname as name, pg_catalog.format(
            'create policy %I on storage.objects as %s for %s to %s%s%s', p.policyname,
            p.permissive, p.cmd,
            (select pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ') from unnest(p.roles) as r),
            ' using (' || p.qual || ')', ' with check (' || p.with_check || ')') as whole,
            p.qual, p.with_check
        from pg_catalog.pg_policies as p
        where p.schemaname = 'storage' and p.tablename = 'objects'
            and pg_catalog.concat(p.qual, p.with_check) like '%''documents''%'
    loop
        insert into stackdocs_original.taken_away (made_by) values (pg_catalog.concat(one.whole));
        execute pg_catalog.format('drop policy %I on storage.objects', one.name);
    end loop;
end
$$;

-- The way back: this program's tables and functions go, the original's come back.
create or replace function stackdocs_original.go_back() returns void
language plpgsql set search_path = ''
as $$
declare
    one record;
    begun boolean := false;
begin
    if pg_catalog.to_regclass('public.stacks') is not null then
        execute 'select exists (select 1 from public.stacks)' into begun;
    end if;
    if begun then
        raise exception 'there are stacks of stackdocs-mcp already: going back would erase them'
            using hint = 'Delete them first (stackdocs-mcp stacks delete), if nobody needs them.';
    end if;

    if pg_catalog.to_regclass('pgmq.q_stackdocs_reading') is not null then
        perform pgmq.drop_queue('stackdocs_reading');
    end if;
    for one in
        select p.policyname as name, p.tablename as relation from pg_catalog.pg_policies as p
        where p.schemaname = 'storage' and p.policyname like 'stackdocs\_%'
    loop
        execute pg_catalog.format('drop policy %I on storage.%I', one.name, one.relation);
    end loop;
    drop schema if exists stackdocs cascade;
    drop view if exists public.stack_documents;
    for one in
        select p.oid::regprocedure as signature from pg_catalog.pg_proc as p
        where p.pronamespace = 'public'::regnamespace and (p.proname like 'sd\_%'
            or p.proname in ('update_extraction_field', 'remove_extraction_field'))
    loop
        execute pg_catalog.format('drop function %s cascade', one.signature);
    end loop;
    drop table if exists public.extractions, public.documents, public.ocr_results, public.stacks
        cascade;

    for one in
        select t.made_by from stackdocs_original.taken_away as t order by t.position
    loop
        execute one.made_by;
    end loop;
    drop table stackdocs_original.taken_away;
    for one in
        select p.oid::regprocedure as signature from pg_catalog.pg_proc as p
        where p.pronamespace = 'stackdocs_original'::regnamespace and p.proname <> 'go_back'
    loop
        execute pg_catalog.format('alter function %s set schema public', one.signature);
    end loop;
    for one in
        select c.relname as name from pg_catalog.pg_class as c
        where c.relnamespace = 'stackdocs_original'::regnamespace and c.relkind in ('r', 'p')
    loop
        execute pg_catalog.format('alter table stackdocs_original.%I set schema public', one.name);
    end loop;
    -- The schema itself is left with this function alone, which cannot drop what it is in.
end
$$;
revoke all on function stackdocs_original.go_back() from public;
