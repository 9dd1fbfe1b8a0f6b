{#- A share or ratio as a double; null where there is nothing to divide by. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#- A median that has the same type on every engine. -#}
{% macro median_of(expression) -%}
    cast(median({{ expression }}) as double)
{%- endmacro %}

{#- A quantile between 0 and 1, interpolated. -#}
{% macro quantile_of(expression, quantile) -%}
    cast(percentile_cont({{ quantile }}) within group (order by {{ expression }}) as double)
{%- endmacro %}

{#- The mean of numbers with two decimals, such as RAWG's ratings: summed as decimals, so that it is the same to the last
    bit in whatever order the engine reads them. -#}
{% macro exact_mean_of(expression) -%}
    {{ ratio('sum(cast(' ~ expression ~ ' as decimal(18, 2)))', 'count(' ~ expression ~ ')') }}
{%- endmacro %}

{#- An average pulled towards `prior_mean`, as if `prior_weight` average observations came on top. -#}
{% macro shrunken_mean(total, weight, prior_mean, prior_weight) -%}
    (cast({{ total }} as double) + {{ prior_weight }} * {{ prior_mean }}) / ({{ weight }} + {{ prior_weight }})
{%- endmacro %}

{#- How many rows fulfil a condition. -#}
{% macro count_if_true(condition) -%}
    cast(count(case when {{ condition }} then 1 end) as bigint)
{%- endmacro %}

{#- A sum of whole numbers as a bigint; 0 over no rows. -#}
{% macro sum_of(expression) -%}
    cast(coalesce(sum({{ expression }}), 0) as bigint)
{%- endmacro %}
