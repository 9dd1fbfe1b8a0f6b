{#- On DuckDB. dbt-duckdb builds beside, renames twice and drops, and asks for the columns of every table that takes part:
    each a round of its own, and half of the time where data are small. Here a model is one transaction, which readers see
    as a whole or not at all. Snowflake's own materializations replace in place already. -#}

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
    {%- call statement("main") -%}
        {{ replace_table_sql(load_cached_relation(this)) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [this.incorporate(type="table")]}) }}
{% endmaterialization %}

{% macro replace_table_sql(existing_relation) -%}
    {%- if existing_relation is not none -%}
    drop {{ existing_relation.type }} {{ existing_relation }};
    {%- endif -%}
    {{ create_table_as(false, this.incorporate(type="table"), sql) }}
{%- endmacro %}


{% materialization incremental, adapter="duckdb" %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- call statement("main") -%}
        {{ increment_table_sql(existing_relation) if is_incremental() else replace_table_sql(existing_relation) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {{ return({"relations": [this.incorporate(type="table")]}) }}
{% endmaterialization %}

{#- dbt's check describes the contract as well and compares column by column. Here it runs only if something differs, to
    say what, or if a type is spelled otherwise. -#}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- if not has_contract_columns(adapter.get_column_schema_from_query(sql)) -%}
        {{ return(assert_columns_equivalent(sql)) }}
    {%- endif -%}
{%- endmacro %}

{% macro has_contract_columns(columns) -%}
    {%- set found = [] -%}
    {%- for column in columns %}{% do found.append((column.name | lower, column.dtype | lower)) %}{% endfor -%}
    {%- set agreed = [] -%}
    {%- for column in model.columns.values() %}{% do agreed.append((column.name, column.data_type)) %}{% endfor -%}
    {{ return(found | sort == agreed | sort) }}
{%- endmacro %}

{#- Needs a contract: the columns are those it names. -#}
{% macro increment_table_sql(existing_relation) -%}
    {#- asked as a query, because dbt answers the other question by a macro with a context of its own -#}
    {%- set columns = adapter.get_column_schema_from_query("select * from " ~ existing_relation) -%}
    {%- if not has_contract_columns(columns) -%}
        {%- do exceptions.raise_compiler_error(
            existing_relation ~ " has other columns than its contract names: build it anew with --full-refresh"
        ) -%}
    {%- endif -%}
    {%- set temporary = api.Relation.create(identifier=this.identifier ~ "__dbt_tmp") -%}
    {{ create_table_as(true, temporary, sql) }}
    {{ adapter.get_incremental_strategy_macro(context, config.get("incremental_strategy"))({
        "target_relation": existing_relation,
        "temp_relation": temporary,
        "unique_key": config.get("unique_key"),
        "dest_columns": columns,
    }) }};
    drop table {{ temporary }}
{%- endmacro %}
