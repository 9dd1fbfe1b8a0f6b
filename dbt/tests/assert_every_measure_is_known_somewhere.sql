{{ config(severity='warn') }}
-- Columns of games without a single value: RAWG does not send them any more, or under another name.
{% set columns = [
    'game_name', 'release_year', 'rating', 'ratings_count', 'added_count', 'owned_count', 'metacritic_score',
    'playtime_hours', 'esrb_rating_name', 'updated_at'
] %}
with counts as (

    select
        count(*) as games_count,
        {%- for column in columns %}
        count({{ column }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_rawg__games') }}

)

{% for column in columns -%}
select '{{ column }}' as column_name
from counts
where games_count > 0 and {{ column }} = 0
{{ "union all" if not loop.last }}
{% endfor %}
