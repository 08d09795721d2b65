-- What the original product's readers and functions were called, on what is here.

-- What an import of an original database has made of what: see `migrate --from-stackdocs`. Only
-- whoever owns the database comes here; there is no way to it over the REST API. Ids are all there
-- is in it, and they stay when a stack is erased: what was imported once is not imported again.
create table stackdocs.imported_stacks (
    original uuid primary key,
    stack_id uuid not null
);
create table stackdocs.imported (
    original         uuid not null,
    stack_id         uuid not null,
    document_id      uuid not null,
    first_extraction integer not null check (first_extraction > 0),
    done             boolean not null default false,
    primary key (original, stack_id)
);

alter table stackdocs.imported_stacks enable row level security;
alter table stackdocs.imported_stacks force row level security;
alter table stackdocs.imported enable row level security;
alter table stackdocs.imported force row level security;
create policy imported_stacks_select on stackdocs.imported_stacks for select using (false);
create policy imported_stacks_insert on stackdocs.imported_stacks for insert with check (false);
create policy imported_stacks_update on stackdocs.imported_stacks for update using (false);
create policy imported_stacks_delete on stackdocs.imported_stacks for delete using (false);
create policy imported_select on stackdocs.imported for select using (false);
create policy imported_insert on stackdocs.imported for insert with check (false);
create policy imported_update on stackdocs.imported for update using (false);
create policy imported_delete on stackdocs.imported for delete using (false);

-- A document is in one stack here, so its row says which.
create view public.stack_documents with (security_invoker = true) as
select stack_id, id as document_id, uploaded_at as added_at from public.documents;
revoke all on public.stack_documents from public, anon, authenticated, service_role;
grant select on public.stack_documents to authenticated;

insert into stackdocs.migrations (version, name) values ('20261121000800', 'original_names');
