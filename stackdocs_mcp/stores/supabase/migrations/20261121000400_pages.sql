-- Pages: kept once for a user's bytes and engine, made to count for each document that has these
-- bytes, and their lines made findable in the stack of each.

-- The index of lines -----------------------------------------------------------------------------

-- A word as the index has it. The stack is a part of it: a word, also a beginning of one, is looked
-- up among the stack's own words. Of a very long word the beginning is looked up.
create function stackdocs.token(p_stack uuid, p_word text) returns text
language sql immutable set search_path = ''
as $$
    select replace(p_stack::pg_catalog.text, '-', '') || left(p_word, 64)
$$;

-- What stands for a line of so many words that the index does not hold them (a tsvector has 1 MB):
-- such a line is looked at by every search of its stack. No word has this character.
create function stackdocs.long_line(p_stack uuid) returns text
language sql immutable set search_path = ''
as $$
    select stackdocs.token(p_stack, '*')
$$;

-- The words of a line, ' word word ', as the index has them.
create function stackdocs.tokens(p_stack uuid, p_words text) returns tsvector
language sql immutable set search_path = ''
as $$
    select array_to_tsvector(case when cardinality(found.words) > 2000
        then array[stackdocs.long_line(p_stack)] else found.words end)
    from (
        select array(
            select distinct replace(p_stack::pg_catalog.text, '-', '') || left(one, 64)
            from unnest(string_to_array(btrim(p_words), ' ')) as one
        ) as words
    ) as found
$$;

create table stackdocs.line_index (
    stack_id    uuid not null,
    document_id uuid not null,
    page        integer not null,
    line        integer not null,
    ref         bigint not null, -- of the page
    count       smallint not null, -- of words, at most 255
    words       text not null,
    primary key (stack_id, document_id, page, line),
    foreign key (stack_id, document_id, page)
        references stackdocs.document_pages (stack_id, document_id, number) on delete cascade
);

-- Nothing waits in a list of what is new, which each search would read: it has all stacks' lines.
create index line_index_tokens on stackdocs.line_index
    using gin (stackdocs.tokens(stack_id, words)) with (fastupdate = off);

alter table stackdocs.line_index enable row level security;
alter table stackdocs.line_index force row level security;
create policy line_index_select on stackdocs.line_index for select
    to authenticated, stackdocs_worker using (stack_id = (select stackdocs.stack()));
create policy line_index_insert on stackdocs.line_index for insert
    to authenticated, stackdocs_worker
    with check (stack_id = (select stackdocs.stack_to('stack:write'))
        and (select stackdocs.is_in_call()));
create policy line_index_update on stackdocs.line_index for update
    to authenticated, stackdocs_worker using (false) with check (false);
create policy line_index_delete on stackdocs.line_index for delete
    to authenticated, stackdocs_worker using (false);
grant insert on stackdocs.line_index to authenticated, stackdocs_worker;
grant execute on function stackdocs.token(uuid, text), stackdocs.long_line(uuid),
    stackdocs.tokens(uuid, text) to authenticated, stackdocs_worker;

-- Documents to work on ---------------------------------------------------------------------------

-- The document, which stays as it is until the transaction ends. SD001: there is none; SD403: the
-- caller may not change it.
create function stackdocs.hold_document(p_by stackdocs.caller, p_document uuid) returns public.documents
language plpgsql volatile set search_path = ''
as $$
declare
    held public.documents;
begin
    select * into held from public.documents as d
    where d.stack_id = p_by.stack and d.id = p_document for no key update;
    if found then
        return held;
    end if;
    if stackdocs.stack_to('stack:write') is null then
        raise exception using errcode = 'SD403', message = 'missing right',
            detail = '{"right": "stack:write"}';
    end if;
    perform stackdocs.no_document(p_document);
end
$$;

-- SD001: the stack has no such document.
create function stackdocs.must_have(p_by stackdocs.caller, p_document uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
    if not exists (select 1 from public.documents as d
            where d.stack_id = p_by.stack and d.id = p_document) then
        perform stackdocs.no_document(p_document);
    end if;
end
$$;

grant execute on function stackdocs.hold_document(stackdocs.caller, uuid),
    stackdocs.must_have(stackdocs.caller, uuid) to authenticated, stackdocs_worker;

-- Reading them -----------------------------------------------------------------------------------

-- With the offset each result is looked up by its key, whatever the planner believes of how many
-- there are: a user has many, and they are large.

create function public.sd_outlines(p_call jsonb, p_document uuid, p_first bigint, p_last bigint)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    perform stackdocs.must_have(me, p_document);
    return (
        select coalesce(jsonb_agg(jsonb_build_object('number', l.number, 'source', r.source,
            'lines', r.line_count, 'characters', r.characters, 'hidden_lines', r.hidden_lines,
            'read', l.read, 'notes', r.notes) order by l.number), '[]')
        from stackdocs.document_pages as l
        cross join lateral (
            select * from public.ocr_results as one
            where one.user_id = l.user_id and one.id = l.result_id offset 0
        ) as r
        where l.stack_id = me.stack and l.document_id = p_document
            and l.number >= p_first and (p_last is null or l.number <= p_last)
    );
end
$$;
call stackdocs.callable('public.sd_outlines(jsonb,uuid,bigint,bigint)', 'authenticated',
    'stackdocs_worker');

create function public.sd_pages(p_call jsonb, p_document uuid, p_numbers bigint[]) returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter(p_call);
begin
    perform stackdocs.must_have(me, p_document);
    return (
        select coalesce(jsonb_agg(jsonb_build_object('number', l.number, 'width', r.width,
            'height', r.height, 'rotation', r.rotation, 'source', r.source, 'lines', r.lines,
            'tables', r.tables, 'notes', r.notes) order by l.number), '[]')
        from stackdocs.document_pages as l
        cross join lateral (
            select * from public.ocr_results as one
            where one.user_id = l.user_id and one.id = l.result_id offset 0
        ) as r
        where l.stack_id = me.stack and l.document_id = p_document and l.number = any (p_numbers)
    );
end
$$;
call stackdocs.callable('public.sd_pages(jsonb,uuid,bigint[])', 'authenticated',
    'stackdocs_worker');

create function public.sd_mark_read(p_call jsonb, p_document uuid, p_numbers bigint[])
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
begin
    perform stackdocs.must_have(me, p_document);
    update stackdocs.document_pages as l set read = true
    where l.stack_id = me.stack and l.document_id = p_document and l.number = any (p_numbers)
        and not l.read;
    return null;
end
$$;
call stackdocs.callable('public.sd_mark_read(jsonb,uuid,bigint[])', 'authenticated');

-- What is reserved --------------------------------------------------------------------------------

-- So many pages that were reserved for a document of the bound stack have been used. Not as whoever
-- calls, who may not write down what is reserved: it is given back to somebody's quota.
create function stackdocs.settle(p_document uuid, p_read integer, p_recognised integer)
returns void
language sql volatile security definer set search_path = ''
as $$
    update public.documents as d
    set reserved_pages = greatest(0, d.reserved_pages - greatest(0, p_read)),
        reserved_ocr = greatest(0, d.reserved_ocr - greatest(0, p_recognised))
    where d.stack_id = stackdocs.stack_to('stack:write') and d.id = p_document
        and (d.reserved_pages > 0 or d.reserved_ocr > 0)
$$;

-- Give back what is reserved for a document of the bound stack, and not used. Not as whoever calls:
-- see above, and it goes to who added the document.
create function stackdocs.give_back(p_document uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    bound constant pg_catalog.uuid := stackdocs.stack_to('stack:write');
    one pg_catalog.record;
begin
    -- By month, so that nobody waits for somebody who waits for them.
    for one in
        select d.added_by, held.month, sum(held.pages) as pages, sum(held.ocr_pages) as ocr_pages
        from public.documents as d
        cross join lateral (values (d.reserved_pages_in, d.reserved_pages, 0),
            (d.reserved_ocr_in, 0, d.reserved_ocr)) as held (month, pages, ocr_pages)
        where d.stack_id = bound and d.id = p_document and (held.pages > 0 or held.ocr_pages > 0)
        group by d.added_by, held.month order by held.month
    loop
        update stackdocs.usage as u
        set pages = greatest(0, u.pages - one.pages),
            ocr_pages = greatest(0, u.ocr_pages - one.ocr_pages)
        where u.user_id = one.added_by and u.month = one.month;
    end loop;
    update public.documents as d set reserved_pages = 0, reserved_ocr = 0
    where d.stack_id = bound and d.id = p_document
        and (d.reserved_pages > 0 or d.reserved_ocr > 0);
end
$$;
call stackdocs.callable('stackdocs.settle(uuid,integer,integer)', 'authenticated',
    'stackdocs_worker');
call stackdocs.callable('stackdocs.give_back(uuid)', 'authenticated', 'stackdocs_worker');

-- Keeping them -----------------------------------------------------------------------------------

-- Stored pages with these numbers are made to count for the document, unless it has some of the
-- same number: found by search, counted, once.
create function stackdocs.link_pages(p_by stackdocs.caller, p_document public.documents,
    p_engine text, p_numbers integer[]) returns void
language sql volatile set search_path = ''
as $$
    with linked as (
        insert into stackdocs.document_pages (stack_id, document_id, number, user_id, result_id)
        select (p_by).stack, (p_document).id, r.number, r.user_id, r.id
        from public.ocr_results as r
        where r.user_id = (p_by).owner and r.sha256 = (p_document).sha256
            and r.ocr_engine = p_engine and r.number = any (p_numbers)
        order by array_position(p_numbers, r.number)
        on conflict (stack_id, document_id, number) do nothing
        returning number, result_id, ref
    ), kept as (
        select l.number, l.ref, r.words, r.line_count = r.hidden_lines as without_text
        from linked as l cross join lateral (
            select * from public.ocr_results as one
            where one.user_id = (p_by).owner and one.id = l.result_id offset 0
        ) as r
    ), indexed as (
        insert into stackdocs.line_index (stack_id, document_id, page, line, ref, count, words)
        select (p_by).stack, (p_document).id, k.number, (one ->> 0)::integer, k.ref,
            least(255, array_length(string_to_array(one ->> 1, ' '), 1)), ' ' || (one ->> 1) || ' '
        from kept as k cross join jsonb_array_elements(k.words) as one
    )
    update public.documents as d
    set pages_done = d.pages_done + k.done, abandoned = 0, updated_at = (p_by).now,
        pages_without_text = d.pages_without_text + k.without_text
    from (
        select count(*) as done, count(*) filter (where kept.without_text) as without_text
        from kept
    ) as k
    where d.stack_id = (p_by).stack and d.id = (p_document).id and k.done > 0
$$;
grant execute on function
    stackdocs.link_pages(stackdocs.caller, public.documents, text, integer[])
    to authenticated, stackdocs_worker;

create function public.sd_stored_pages(p_call jsonb, p_document uuid, p_engine text)
returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    target public.documents := stackdocs.hold_document(me, p_document);
    at_once constant integer := 100; -- since others want to write as well
    numbers integer[];
begin
    numbers := array(
        select r.number from public.ocr_results as r
        where r.user_id = me.owner and r.sha256 = target.sha256 and r.ocr_engine = p_engine
            and not exists (select 1 from stackdocs.document_pages as l
                where l.stack_id = me.stack and l.document_id = p_document
                    and l.number = r.number)
        order by r.number limit at_once
    );
    if numbers <> '{}' then
        perform stackdocs.link_pages(me, target, p_engine, numbers);
    end if;
    return jsonb_build_object('more', cardinality(numbers) = at_once, 'pages', (
        select coalesce(jsonb_agg(l.number order by l.number), '[]')
        from stackdocs.document_pages as l
        where l.stack_id = me.stack and l.document_id = p_document
    ));
end
$$;
call stackdocs.callable('public.sd_stored_pages(jsonb,uuid,text)', 'authenticated',
    'stackdocs_worker');

create function public.sd_save_pages(p_call jsonb, p_document uuid, p_engine text, p_pages jsonb,
    p_billed integer, p_recognised integer) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
    me stackdocs.caller := stackdocs.enter_to_write(p_call);
    answer jsonb := stackdocs.answered(me, p_call, 'save_pages'); -- what it cost is added up once
    target public.documents;
    made integer;
begin
    if answer is not null then
        return answer;
    end if;
    target := stackdocs.hold_document(me, p_document);
    -- By number, so that two who keep pages of the same bytes never wait for one another.
    insert into public.ocr_results (user_id, sha256, ocr_engine, number, width, height, rotation,
        source, line_count, hidden_lines, characters, lines, tables, notes, words)
    select me.owner, target.sha256, p_engine, p.number, p.width, p.height, p.rotation, p.source,
        p.line_count, p.hidden_lines, p.characters, p.lines, p.tables, p.notes, p.words
    from rows from (jsonb_to_recordset(p_pages) as (number integer, width double precision,
        height double precision, rotation integer, source text, line_count integer,
        hidden_lines integer, characters integer, lines text, tables text, notes text,
        words jsonb)) with ordinality as p
    order by p.number, p.ordinality
    on conflict (user_id, sha256, ocr_engine, number) do nothing;
    get diagnostics made = row_count;
    perform stackdocs.link_pages(me, target, p_engine,
        array(select (one ->> 'number')::integer from jsonb_array_elements(p_pages) as one));
    if made > 0 or p_recognised > 0 then
        perform stackdocs.settle(p_document, made, p_recognised);
    end if;
    if p_billed > 0 then
        update public.documents as d set billed_pages = d.billed_pages + p_billed
        where d.stack_id = me.stack and d.id = p_document;
    end if;
    return stackdocs.keep(me, p_call, 'save_pages', 'true');
end
$$;
call stackdocs.callable('public.sd_save_pages(jsonb,uuid,text,jsonb,integer,integer)',
    'authenticated', 'stackdocs_worker');

revoke execute on all routines in schema stackdocs from public;
insert into stackdocs.migrations (version, name) values ('20261121000400', 'pages');
