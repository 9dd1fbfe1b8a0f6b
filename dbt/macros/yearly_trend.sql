{#- How the share of each genre or tag (`label`) among the released games develops from year to year. `links` has one
    row per game and label. -#}
{% macro yearly_trend(label, links) -%}
with released_games as (

    select
        scores.game_id,
        scores.release_year,
        scores.added_count,
        scores.release_year >= extract(year from scores.as_of_date) as is_partial_year,
        case when not scores.is_small_sample then scores.weighted_rating end as trusted_rating
    from {{ ref('game_scores') }} as scores
    where scores.release_status = 'released'
        and scores.release_year >= {{ var('first_trend_year') }}
        and exists (select 1 from {{ links }} as links where links.game_id = scores.game_id)

),

years as (

    select
        release_year,
        count(*) as games_count,
        sum(added_count) as added_count
    from released_games
    group by release_year

),

labels_by_year as (

    select
        links.{{ label }}_id,
        games.release_year,
        games.is_partial_year,
        count(*) as games_count,
        count(games.trusted_rating) as rated_games_count,
        {{ sum_of('games.added_count') }} as added_count,
        {{ median_of('games.trusted_rating') }} as median_weighted_rating
    from released_games as games
    inner join {{ links }} as links on links.game_id = games.game_id
    group by links.{{ label }}_id, games.release_year, games.is_partial_year

),

shares as (

    select
        labels.*,
        {{ ratio('labels.games_count', 'years.games_count') }} as games_share,
        {{ ratio('labels.added_count', 'years.added_count') }} as added_share
    from labels_by_year as labels
    inner join years on years.release_year = labels.release_year

)

select
    names.{{ label }}_name,
    shares.release_year,
    shares.is_partial_year,
    shares.games_count,
    shares.games_share,
    previous.games_share as previous_games_share,
    shares.games_share - previous.games_share as games_share_change,
    {{ ratio('shares.games_share', 'previous.games_share') }} - 1 as momentum,
    shares.added_share,
    shares.rated_games_count,
    shares.median_weighted_rating,
    least(shares.games_count, coalesce(previous.games_count, 0)) < {{ var('minimum_group') }} as is_small_sample
from shares
inner join {{ ref('dim_' ~ label) }} as names on names.{{ label }}_id = shares.{{ label }}_id
left join shares as previous
    on previous.{{ label }}_id = shares.{{ label }}_id
    and previous.release_year = shares.release_year - 1
{%- endmacro %}
