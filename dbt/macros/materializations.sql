{#- On DuckDB, where dbt builds beside, renames twice and drops, each a round of its own: the same in one transaction of
    DuckDB, which readers see as a whole or not at all. Half of a build of small data is that. Snowflake's own
    materializations replace in place already. -#}

{% materialization view, adapter="duckdb" %}
    {%- set built = create_or_replace_view() -%}
    {%- do adapter.commit() -%}
    {{ return(built) }}
{% endmaterialization %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {%- if config.get("contract").enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif -%}
    create or replace view {{ relation }} as (
        {{ sql }}
    )
{%- endmacro %}


{% materialization table, adapter="duckdb" %}
    {%- set target_relation = this.incorporate(type="table") -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- call statement("main") -%}
        {%- if existing_relation is not none -%}
        drop {{ existing_relation.type }} {{ existing_relation }};
        {%- endif -%}
        {{ create_table_as(false, target_relation, sql) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [target_relation]}) }}
{% endmaterialization %}
