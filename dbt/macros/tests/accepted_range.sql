{#- Values lie between `minimum` and `maximum`, both allowed; either may be left out. Nulls pass. -#}
{% test accepted_range(model, column_name, minimum=none, maximum=none) %}

select {{ column_name }}
from {{ model }}
where
    {{ column_name ~ " < " ~ minimum if minimum is not none else "1 = 0" }}
    or {{ column_name ~ " > " ~ maximum if maximum is not none else "1 = 0" }}

{% endtest %}
