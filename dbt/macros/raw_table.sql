{#- Selects `columns` (name to type) from a raw table, whatever has been loaded so far: a column that has not appeared
    yet gives nulls, a table that has not been loaded gives no rows. -#}
{% macro raw_table(relation, columns) -%}
    {%- set found = raw_column_names(relation, columns) -%}
    select
    {%- for name, type in columns.items() %}
        {{ typed_column(name, type) if name in found else "cast(null as " ~ type ~ ") as " ~ name }}
        {{- "," if not loop.last }}
    {%- endfor %}
    {%- if found %}
    from {{ relation }}
    {%- else %}
    where 1 = 0
    {%- endif %}
{%- endmacro %}


{#- The columns that a raw table has: none when it does not exist, all when it is the fixture of a unit test. -#}
{% macro raw_column_names(relation, columns) -%}
    {%- if not execute or relation.is_cte -%}
        {{ return(columns.keys() | list) }}
    {%- endif -%}
    {%- set table = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
    {%- if table is none -%}
        {%- do log("raw." ~ relation.identifier ~ " is not loaded: " ~ this.identifier ~ " is empty", info=true) -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = adapter.get_columns_in_relation(table) | map(attribute="name") | map("lower") | list -%}
    {%- for name in columns if name not in found -%}
        {%- do log("raw." ~ relation.identifier ~ " has no column " ~ name ~ " yet: it is null", info=true) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}


{% macro typed_column(name, type) -%}
    {%- if type == "timestamp" -%}
        {{ utc_timestamp(name) }} as {{ name }}
    {%- else -%}
        cast({{ name }} as {{ type }}) as {{ name }}
    {%- endif -%}
{%- endmacro %}
