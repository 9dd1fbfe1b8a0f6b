{#- A date written in a variable, as SQL. -#}
{% macro date_literal(day) -%}
    cast('{{ day }}' as date)
{%- endmacro %}

{% macro date_list(days) -%}
    {%- for day in days -%}{{ date_literal(day) }}{{ ", " if not loop.last }}{%- endfor -%}
{%- endmacro %}
