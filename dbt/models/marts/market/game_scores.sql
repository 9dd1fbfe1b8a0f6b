with as_of as (

    select cast(max(loaded_at) as date) as as_of_date
    from {{ ref('fct_games') }}

),

average_game as (

    -- the mean over games whose own rating can be trusted; over all rated games where there is no such game
    select
        coalesce(
            {{ exact_mean_of('case when ratings_count >= ' ~ var('minimum_ratings') ~ ' then rating end') }},
            {{ exact_mean_of('rating') }}
        ) as mean_rating
    from {{ ref('fct_games') }}

),

rated_games as (

    select
        games.game_id,
        games.game_name,
        games.game_slug,
        games.release_date,
        games.release_year,
        as_of.as_of_date,
        case
            when games.release_date <= as_of.as_of_date then 'released'
            when games.release_date > as_of.as_of_date then 'upcoming'
            when games.release_year < extract(year from as_of.as_of_date) then 'released'
            when games.release_year > extract(year from as_of.as_of_date) then 'upcoming'
            else 'undated'
        end as release_status,
        measures.added_count,
        measures.ratings_count,
        measures.rating,
        case
            when measures.rating is not null
                then {{ shrunken_mean(
                    'measures.rating * measures.ratings_count', 'measures.ratings_count',
                    'average_game.mean_rating', var('prior_ratings')
                ) }}
        end as weighted_rating,
        coalesce(measures.ratings_count, 0) < {{ var('minimum_ratings') }} as is_small_sample,
        measures.metacritic_score,
        measures.playtime_hours
    from {{ ref('dim_game') }} as games
    inner join {{ ref('fct_games') }} as measures on measures.game_id = games.game_id
    cross join average_game
    cross join as_of

),

hit_line as (

    select {{ quantile_of('weighted_rating', var('hit_quantile')) }} as hit_rating
    from rated_games
    where not is_small_sample

)

select
    rated_games.*,
    not rated_games.is_small_sample and coalesce(rated_games.weighted_rating >= hit_line.hit_rating, false) as is_hit
from rated_games
cross join hit_line
