{#- Selects `columns` (name to type) from a raw table, whatever has been loaded so far: a column that has not appeared
    yet gives nulls, a table that has not been loaded gives no rows. Marts do without a table that is `optional`. -#}
{% macro raw_table(relation, columns, optional=false) -%}
    {%- set found = raw_column_names(relation, columns, optional) -%}
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
{% macro raw_column_names(relation, columns, optional) -%}
    {%- if not execute or relation.is_cte -%}
        {{ return(columns.keys() | list) }}
    {%- endif -%}
    {%- set table = adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
    {%- if table is none -%}
        {%- do tell_readers("raw." ~ relation.identifier ~ " is not loaded: " ~ this.identifier ~ " is empty", optional) -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = adapter.get_columns_in_relation(table) | map(attribute="name") | map("lower") | list -%}
    {%- set missing = columns.keys() | reject("in", found) | list -%}
    {%- if missing -%}
        {%- set message = "raw." ~ relation.identifier ~ " has no " ~ missing | join(", ") ~ " yet: null in " ~ this.identifier -%}
        {%- do tell_readers(message, optional) -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}


{#- Says what is missing: even when dbt is told to be quiet, if marts read this model and need it. -#}
{% macro tell_readers(message, optional) -%}
    {%- set readers = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" and model.unique_id in node.depends_on.nodes -%}
        {%- do readers.append(node.name) -%}
    {%- endfor -%}
    {%- if readers and not optional -%}
        {%- do print(message) -%}
    {%- else -%}
        {%- do log(message, info=true) -%}
    {%- endif -%}
{%- endmacro %}


{% macro typed_column(name, type) -%}
    {%- if type == "timestamp" -%}
        {{ utc_timestamp(name) }} as {{ name }}
    {%- else -%}
        cast({{ name }} as {{ type }}) as {{ name }}
    {%- endif -%}
{%- endmacro %}
