{#- What DuckDB and Snowflake spell differently. -#}

{#- An instant with a time zone as a timestamp in UTC without one. -#}
{% macro utc_timestamp(column) %}{{ return(adapter.dispatch("utc_timestamp")(column)) }}{% endmacro %}

{% macro duckdb__utc_timestamp(column) -%}
    make_timestamp(epoch_us({{ column }}))
{%- endmacro %}

{% macro snowflake__utc_timestamp(column) -%}
    cast(convert_timezone('UTC', {{ column }}) as timestamp_ntz)
{%- endmacro %}


{#- When a load began (UTC): dlt's load ids are seconds since 1970. -#}
{% macro load_time(load_id) %}{{ return(adapter.dispatch("load_time")(load_id)) }}{% endmacro %}

{% macro duckdb__load_time(load_id) -%}
    make_timestamp(cast(floor(try_cast({{ load_id }} as double)) as bigint) * 1000000)
{%- endmacro %}

{% macro snowflake__load_time(load_id) -%}
    to_timestamp_ntz(cast(floor(try_cast({{ load_id }} as double)) as bigint))
{%- endmacro %}
