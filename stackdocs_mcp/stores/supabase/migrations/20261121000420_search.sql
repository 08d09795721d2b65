-- Search over the lines of a stack, and what is remembered of a folder that is one.

-- A word of a stack in the language of tsquery, of which none of its characters is a part.
create function stackdocs.quoted(p_stack uuid, p_word text) returns text
language sql immutable set search_path = ''
as $$
    select '''' || replace(replace(stackdocs.token(p_stack, p_word), '\', '\\'), '''', '''''')
        || ''''
$$;

-- Where the lines of the bound stack stand that hold these words, a word that begins so, and all
-- phrases. Those with the fewest words come first, then those that were read first.
--
-- Not as whoever calls: under row-level security an operator such as @@ is asked only about rows
-- that a policy has let through, so that each search would read the whole stack, or all of them.
-- Here the index is asked for words that the bound stack is a part of, and by no other way than
-- the index: the settings leave the planner none.
create function stackdocs.lines_with(p_words text[], p_begins text, p_phrases text[],
    p_document uuid, p_after bigint, p_limit bigint)
returns table (document_id uuid, page integer, line integer, place bigint)
language plpgsql stable security definer set search_path = ''
    set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
as $$
declare
    bound constant pg_catalog.uuid := stackdocs.stack();
    asked pg_catalog.tsquery;
begin
    if bound is null or p_begins = '' then
        return;
    end if;
    asked := format('(%s:*%s) | %s', stackdocs.quoted(bound, p_begins),
        (select string_agg(' & ' || stackdocs.quoted(bound, one), '')
            from unnest(p_words) as one where one <> ''),
        stackdocs.quoted(bound, '*'))::pg_catalog.tsquery;
    return query
        with found as materialized (
            select l.stack_id, l.document_id, l.page, l.line, l.ref, l.count, l.words
            from stackdocs.line_index as l
            where stackdocs.tokens(l.stack_id, l.words) @@ asked
        )
        select f.document_id, f.page, f.line, row_number() over (order by f.count, f.ref, f.line)
        from found as f
        where f.stack_id = bound and (p_document is null or f.document_id = p_document)
            and not exists (select 1 from unnest(p_phrases) as one where strpos(f.words, one) = 0)
        order by f.count, f.ref, f.line offset p_after limit p_limit;
end
$$;
call stackdocs.callable('stackdocs.lines_with(text[],text,text[],uuid,bigint,bigint)',
    'authenticated');

-- A line comes as stores/leaves.py wrote it, with its number first: a text in it may have a null
-- character, so it is never looked into.
create function public.sd_search(p_call jsonb, p_words text[], p_begins text, p_phrases text[],
    p_after bigint, p_limit bigint, p_document uuid default null) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    if p_document is not null then
        perform stackdocs.must_have(me, p_document);
    end if;
    return (
        select coalesce(jsonb_agg(jsonb_build_object('document', r.id, 'filename', r.filename,
            'page', f.page, 'line', (
                select one::text from json_array_elements(r.lines::json) as one
                where starts_with(one::text, '[' || f.line || ',') limit 1
            )) order by f.place), '[]')
        from stackdocs.lines_with(p_words, p_begins, p_phrases, p_document,
            greatest(p_after, 0), greatest(p_limit, 0)) as f
        cross join lateral (
            select d.id, d.filename, one.lines from public.documents as d
            join stackdocs.document_pages as l on l.stack_id = d.stack_id and l.document_id = d.id
                and l.number = f.page
            cross join lateral (
                select * from public.ocr_results as each
                where each.user_id = l.user_id and each.id = l.result_id offset 0
            ) as one
            where d.stack_id = me.stack and d.id = f.document_id offset 0
        ) as r
    );
end
$$;
call stackdocs.callable('public.sd_search(jsonb,text[],text,text[],bigint,bigint,uuid)',
    'authenticated');

-- A folder as a stack ----------------------------------------------------------------------------

create table stackdocs.folder_files (
    stack_id    uuid not null,
    name        text collate "C" not null,
    size        bigint not null,
    modified_ns bigint not null,
    document_id uuid not null,
    primary key (stack_id, name),
    foreign key (stack_id, document_id) references public.documents (stack_id, id)
);

create index folder_files_by_document on stackdocs.folder_files (stack_id, document_id);

alter table stackdocs.folder_files enable row level security;
alter table stackdocs.folder_files force row level security;
create policy folder_files_select on stackdocs.folder_files for select to authenticated
    using (stack_id = (select stackdocs.stack()));
create policy folder_files_insert on stackdocs.folder_files for insert to authenticated
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy folder_files_update on stackdocs.folder_files for update to authenticated
    using (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()))
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy folder_files_delete on stackdocs.folder_files for delete to authenticated
    using (false);
grant select, insert on stackdocs.folder_files to authenticated;
grant update (size, modified_ns, document_id) on stackdocs.folder_files to authenticated;

create function public.sd_folder_files(p_call jsonb) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_array(f.name, f.size, f.modified_ns, f.document_id)
            order by f.name), '[]')
        from stackdocs.folder_files as f where f.stack_id = me.stack
    );
end
$$;
call stackdocs.callable('public.sd_folder_files(jsonb)', 'authenticated');

-- The document of a file's earlier bytes is superseded, unless another file has those bytes. A file
-- that has its old bytes back is current.
create function public.sd_remember_file(p_call jsonb, p_document uuid, p_name text, p_size bigint,
    p_modified_ns bigint) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    former uuid;
begin
    -- What a file was and what it is now belong together, whoever else looks at the folder.
    perform pg_advisory_xact_lock(hashtextextended('folder of ' || me.stack, 0));
    perform stackdocs.hold_document(me, p_document);
    select f.document_id into former from stackdocs.folder_files as f
    where f.stack_id = me.stack and f.name = p_name;
    insert into stackdocs.folder_files (stack_id, name, size, modified_ns, document_id)
    values (me.stack, p_name, p_size, p_modified_ns, p_document)
    on conflict (stack_id, name) do update
    set size = excluded.size, modified_ns = excluded.modified_ns,
        document_id = excluded.document_id;
    update public.documents as d set superseded_by = null, updated_at = me.now
    where d.stack_id = me.stack and d.id = p_document and d.superseded_by is not null;
    update public.documents as d set superseded_by = p_document, updated_at = me.now
    where d.stack_id = me.stack and d.id = former and former <> p_document
        and not exists (select 1 from stackdocs.folder_files as f
            where f.stack_id = me.stack and f.document_id = former);
    return null;
end
$$;
call stackdocs.callable('public.sd_remember_file(jsonb,uuid,text,bigint,bigint)',
    'authenticated');

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000420', 'search');
