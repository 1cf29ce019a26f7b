"""Queries of PostgreSQL's catalogs. Each row says by `table_oid` which table it is about."""

__all__ = ["COLUMNS", "CONSTRAINTS", "EXCLUSIONS", "INDEXES", "RELATIONS"]

RELATIONS = """
SELECT c.oid AS table_oid, c.relname AS name, c.relkind::text AS kind, c.relispartition AS is_partition,
    c.relpersistence = 'u' AS is_unlogged, c.reloptions AS options,
    obj_description(c.oid, 'pg_class') AS comment,
    CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'e')
ORDER BY c.relname
"""

COLUMNS = """
SELECT a.attrelid AS table_oid, a.attname AS name, a.attnotnull AS not_null,
    format_type(a.atttypid, a.atttypmod) AS declared, a.attgenerated::text AS generated,
    pg_get_expr(d.adbin, d.adrelid, true) AS default, col_description(a.attrelid, a.attnum) AS comment,
    EXISTS (
        SELECT 1 FROM pg_depend p JOIN pg_class s ON s.oid = p.objid AND s.relkind = 'S'
        WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass
            AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype = 'a'
            AND pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%'
    ) AS serial
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

CONSTRAINTS = """
SELECT o.conrelid AS table_oid, o.conname AS name, o.contype::text AS kind, o.condeferrable AS deferrable,
    o.condeferred AS deferred, o.connoinherit AS no_inherit, o.confmatchtype = 'f' AS full,
    pg_get_constraintdef(o.oid, true) AS definition, pg_get_expr(o.conbin, o.conrelid, true) AS condition,
    tn.nspname AS target_schema, t.relname AS target,
    ARRAY(SELECT a.attname::text FROM unnest(o.conkey) WITH ORDINALITY k(num, place)
        JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.num ORDER BY k.place) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(o.confkey) WITH ORDINALITY k(num, place)
        JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.num ORDER BY k.place) AS target_columns,
    ARRAY(SELECT a.attname::text FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k(num, place)
        JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.num
        WHERE i.indexrelid = o.conindid AND o.contype IN ('p', 'u') AND k.place > i.indnkeyatts
        ORDER BY k.place) AS included
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class t ON t.oid = o.confrelid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE n.nspname = :schema AND o.contype IN ('p', 'f', 'u', 'c', 'x') AND (o.conparentid = 0 OR c.relispartition)
ORDER BY o.conrelid, o.conname
"""

EXCLUSIONS = """
SELECT o.conrelid AS table_oid, o.conname AS name, m.amname AS method,
    pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
    pg_get_indexdef(i.indexrelid, k.place::int, true) AS expression, p.oprname AS operator
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indexrelid = o.conindid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
CROSS JOIN LATERAL unnest(o.conexclop) WITH ORDINALITY k(operator, place) JOIN pg_operator p ON p.oid = k.operator
WHERE n.nspname = :schema AND o.contype = 'x'
ORDER BY o.conrelid, o.conname, k.place
"""

INDEXES = """
SELECT i.indrelid AS table_oid, x.relname AS name, i.indisunique AS is_unique, m.amname AS method,
    pg_get_indexdef(i.indexrelid, 0, true) AS definition, pg_get_expr(i.indpred, i.indrelid, true) AS predicate,
    x.reloptions AS options, pg_get_indexdef(i.indexrelid) LIKE '% NULLS NOT DISTINCT%' AS nulls_not_distinct,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(num, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
        WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(num, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
        WHERE k.place > i.indnkeyatts ORDER BY k.place) AS included
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
WHERE n.nspname = :schema AND NOT EXISTS (
    SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, x.relname
"""
