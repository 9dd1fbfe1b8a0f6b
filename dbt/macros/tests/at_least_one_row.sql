{#- The table has rows whenever `when_rows_in` has some. -#}
{% test at_least_one_row(model, when_rows_in) %}

select count(*) as rows_count
from {{ model }}
having count(*) = 0 and (select count(*) from {{ when_rows_in }}) > 0

{% endtest %}
