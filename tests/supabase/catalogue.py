"""Questions to the catalogue of a migrated database, each answered with what breaks a rule.

``$1`` where there is one is an allow-list of the tests.
"""

OURS = """
ours as (
    select c.oid, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.reloptions, c.relacl,
        c.relowner, format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname in ('public', 'stackdocs')
),
functions as (
    select p.oid, p.prosecdef, p.proconfig, p.prosqlbody, p.proowner, p.proacl, n.nspname,
        p.proname,
        p.oid::regprocedure::text as name
    from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('public', 'stackdocs')
),
policies as (
    select format('%I on %s', p.polname, p.polrelid::regclass) as name, p.polrelid, p.polcmd,
        p.polpermissive, p.polroles, pg_get_expr(p.polqual, p.polrelid) as "using",
        pg_get_expr(p.polwithcheck, p.polrelid) as "check"
    from pg_catalog.pg_policy as p
)
"""

NOT_FORCED = f"""
with {OURS} select name from ours
where relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)
"""
OTHER_KINDS = f"with {OURS} select name from ours where relkind in ('m', 'f')"
VERBS_WITHOUT_POLICY = f"""
with {OURS} select o.name || ' ' || verb as name
from ours as o cross join unnest(array['r', 'a', 'w', 'd']) as verb
where o.relkind in ('r', 'p') and not exists (
    select 1 from policies as p where p.polrelid = o.oid and p.polcmd::text = verb)
"""
POLICIES_FOR_ALL = f"""
with {OURS} select name from policies
where polcmd = '*' or not polpermissive
    or 0 = any (polroles)
        and coalesce("using", 'false') || coalesce("check", 'false') <> 'falsefalse'
    or polroles && (select array_agg(oid) from pg_catalog.pg_roles
        where rolname in ('anon', 'service_role'))
"""
OPEN_POLICIES = f"""
with {OURS} select name from policies where 'true' in ("using", "check")
"""
FORGETFUL_POLICIES = f"""
with {OURS} select name from policies
where (polcmd in ('a', 'w') and coalesce("check", "using") is null)
    or (polcmd in ('r', 'w', 'd') and "using" is null)
"""
POLICIES = f"""
with {OURS} select name, coalesce("using", '') as "using", coalesce("check", '') as "check"
from policies
"""
VIEWS_OF_THEIR_OWNER = f"""
with {OURS} select name from ours
where relkind = 'v' and not coalesce('security_invoker=true' = any (reloptions)
    or 'security_invoker=on' = any (reloptions), false)
"""
# A body that is not text has its names looked up when it is made, and can be inlined.
FUNCTIONS_WITH_A_PATH = f"""
with {OURS} select name from functions
where (prosecdef or prosqlbody is null) and not coalesce('search_path=""' = any (proconfig), false)
"""
DEFINERS = f"with {OURS} select name from functions where prosecdef"
# Mighty: it runs with other rights than its caller's, or may. Triggers and what policies and
# indexes ask are run for whoever writes and reads, which a definer function does too.
BODIES = f"""
with {OURS} select f.proname as name, p.prosrc as body,
    f.prosecdef or p.prorettype = 'trigger'::regtype or exists (
        select 1 from pg_catalog.pg_depend as d
        where d.refobjid = f.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass
            and d.classid in ('pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_class'::regclass)
    ) as mighty
from functions as f join pg_catalog.pg_proc as p on p.oid = f.oid where p.prosqlbody is null
"""
TYPES = """
select t.typname as name from pg_catalog.pg_type as t
where t.typnamespace = 'pg_catalog'::regnamespace and t.typrelid = 0 and t.typcategory <> 'A'
"""
OPEN_FUNCTIONS = f"""
with {OURS} select f.name || ' to '
    || case g.grantee when 0 then 'public' else g.grantee::regrole::text end as name
from functions as f
    cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as g
where g.privilege_type = 'EXECUTE' and (g.grantee = 0
    or g.grantee::regrole::text in ('anon', 'service_role'))
"""
OTHER_CALLERS = f"""
with {OURS} select f.name || ' to ' || g.grantee::regrole::text as name
from functions as f
    cross join aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as g
where g.grantee <> 0 and g.grantee <> f.proowner and g.grantee::regrole::text
    not in ('authenticated', 'stackdocs_worker', 'stackdocs_server', 'anon', 'service_role')
"""
UNCALLABLE = f"""
with {OURS} select f.name from functions as f
where f.nspname = 'public' and not exists (
    select 1 from aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) as g
    where g.grantee <> f.proowner)
"""
UNNAMED = f"""
with {OURS} select name from functions where nspname = 'public' and not proname like 'sd\\_%'
"""
OPEN_TABLES = f"""
with {OURS} select o.name || ' ' || g.privilege_type || ' to '
    || case g.grantee when 0 then 'public' else g.grantee::regrole::text end as name
from ours as o cross join aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) as g
where g.grantee = 0 or g.grantee::regrole::text in ('anon', 'service_role')
union all
select o.name || '.' || a.attname || ' ' || g.privilege_type
from ours as o join pg_catalog.pg_attribute as a on a.attrelid = o.oid
    cross join aclexplode(a.attacl) as g
where g.grantee = 0 or g.grantee::regrole::text in ('anon', 'service_role')
"""
TOO_MUCH = f"""
with {OURS} select o.name || ' ' || g.privilege_type || ' to ' || g.grantee::regrole::text as name
from ours as o cross join aclexplode(coalesce(o.relacl, acldefault('r', o.relowner))) as g
where g.grantee <> o.relowner and (g.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    or g.is_grantable)
"""
OPEN_SCHEMA = """
select n.nspname || ' ' || g.privilege_type || ' to '
    || case g.grantee when 0 then 'public' else g.grantee::regrole::text end as name
from pg_catalog.pg_namespace as n cross join aclexplode(n.nspacl) as g
where n.nspname = 'stackdocs' and g.grantee <> n.nspowner and not (g.privilege_type = 'USAGE'
    and g.grantee <> 0 and g.grantee::regrole::text
        in ('authenticated', 'stackdocs_worker', 'stackdocs_server'))
"""
OPEN_QUEUES = """
select format('%I.%I %s to ', n.nspname, c.relname, g.privilege_type)
    || case g.grantee when 0 then 'public' else g.grantee::regrole::text end as name
from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join aclexplode(c.relacl) as g
where n.nspname = 'pgmq' and (g.grantee = 0 or g.grantee::regrole::text in
    ('anon', 'authenticated', 'service_role', 'stackdocs_worker', 'stackdocs_server'))
"""
STACKS_LEFT_OUT = f"""
with {OURS},
keyed as (
    select oid from ours where relkind in ('r', 'p') and exists (
        select 1 from pg_catalog.pg_attribute as a where a.attrelid = ours.oid
            and a.attname = 'stack_id' and not a.attisdropped)
)
select c.conname || ' on ' || c.conrelid::regclass as name
from pg_catalog.pg_constraint as c
where c.contype = 'f' and c.conrelid in (select oid from keyed)
    and c.confrelid in (select oid from keyed)
    and not exists (
        select 1 from unnest(c.conkey, c.confkey) as pair (ours, theirs)
            join pg_catalog.pg_attribute as a on a.attrelid = c.conrelid and a.attnum = pair.ours
            join pg_catalog.pg_attribute as b on b.attrelid = c.confrelid and b.attnum = pair.theirs
        where (a.attname, b.attname) = ('stack_id', 'stack_id'))
"""
KEYS_WITHOUT_A_STACK = f"""
with {OURS} select o.name from ours as o join pg_catalog.pg_attribute as a on a.attrelid = o.oid
where o.relkind in ('r', 'p') and a.attname = 'stack_id' and not a.attisdropped and not exists (
    select 1 from pg_catalog.pg_constraint as c
    where c.conrelid = o.oid and c.contype = 'p' and a.attnum = any (c.conkey))
"""
KEYS_WITHOUT_AN_INDEX = f"""
with {OURS} select c.conname || ' on ' || o.name as name
from pg_catalog.pg_constraint as c join ours as o on o.oid = c.conrelid
where c.contype = 'f' and not exists (
    select 1 from pg_catalog.pg_index as i
    where i.indrelid = c.conrelid
        and (i.indkey::smallint[])[0 : cardinality(c.conkey) - 1] @> c.conkey
        and (i.indpred is null or i.indisvalid))
"""
MIGHTY_ROLES = """
select rolname as name from pg_catalog.pg_roles
where rolname like 'stackdocs%' and (rolsuper or rolbypassrls or rolcanlogin or rolcreaterole
    or rolcreatedb or rolreplication)
"""
MEMBERSHIPS = """
select m.roleid::regrole || ' in ' || m.member::regrole as name
from pg_catalog.pg_auth_members as m
where m.roleid::regrole::text like 'stackdocs%' or m.member::regrole::text like 'stackdocs%'
"""
OWNERS = f"""
with {OURS} select name from ours where relowner::regrole::text like 'stackdocs%'
union all select name from functions where proowner::regrole::text like 'stackdocs%'
"""
TRIGGERS_OFF = """
select tgname || ' on ' || tgrelid::regclass as name from pg_catalog.pg_trigger
where not tgisinternal and tgenabled <> 'O' and tgrelid::regclass::text ~ '^(public|stackdocs)\\.'
"""
