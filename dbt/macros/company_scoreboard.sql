{#- The portfolio of each developer or publisher (`kind`), from the games whose details are loaded. -#}
{% macro company_scoreboard(kind) -%}
with portfolios as (

    select
        links.{{ kind }}_id,
        games.game_id,
        games.game_name,
        games.release_year,
        games.added_count,
        games.is_hit,
        not games.is_small_sample as is_rated,
        case when not games.is_small_sample then games.weighted_rating end as trusted_rating,
        row_number() over (
            partition by links.{{ kind }}_id
            order by games.weighted_rating desc nulls last, games.added_count desc nulls last, games.game_id
        ) as quality_rank
    from {{ ref('bridge_game_' ~ kind) }} as links
    inner join {{ ref('game_scores') }} as games on games.game_id = links.game_id

),

typical_company as (

    select {{ ratio(count_if_true('is_hit'), count_if_true('is_rated')) }} as hit_rate
    from portfolios

),

companies as (

    select
        {{ kind }}_id,
        count(*) as games_count,
        {{ count_if_true('is_rated') }} as rated_games_count,
        {{ count_if_true('is_hit') }} as hits_count,
        {{ median_of('trusted_rating') }} as median_weighted_rating,
        {{ quantile_of('trusted_rating', 0.75) }} - {{ quantile_of('trusted_rating', 0.25) }} as rating_spread,
        {{ sum_of('added_count') }} as added_count,
        min(release_year) as first_release_year,
        max(release_year) as last_release_year,
        max(case when quality_rank = 1 then game_name end) as best_game_name
    from portfolios
    group by {{ kind }}_id

),

scored_companies as (

    select
        companies.*,
        {{ ratio('companies.hits_count', 'companies.rated_games_count') }} as hit_rate,
        {{ shrunken_mean(
            'companies.hits_count', 'companies.rated_games_count', 'typical_company.hit_rate', var('prior_portfolio')
        ) }} as adjusted_hit_rate,
        companies.rated_games_count < {{ var('minimum_portfolio') }} as is_small_sample
    from companies
    cross join typical_company

)

select
    names.{{ kind }}_id,
    names.{{ kind }}_name,
    scored.games_count,
    names.listed_games_count,
    scored.rated_games_count,
    scored.hits_count,
    scored.hit_rate,
    scored.adjusted_hit_rate,
    scored.median_weighted_rating,
    case when not scored.is_small_sample then scored.rating_spread end as rating_spread,
    scored.added_count,
    scored.first_release_year,
    scored.last_release_year,
    scored.best_game_name,
    scored.is_small_sample,
    case
        when not scored.is_small_sample
            then row_number() over (
                partition by scored.is_small_sample
                order by
                    scored.adjusted_hit_rate desc, scored.median_weighted_rating desc, scored.added_count desc,
                    names.{{ kind }}_id
            )
    end as scoreboard_rank
from scored_companies as scored
inner join {{ ref('dim_' ~ kind) }} as names on names.{{ kind }}_id = scored.{{ kind }}_id
{%- endmacro %}
