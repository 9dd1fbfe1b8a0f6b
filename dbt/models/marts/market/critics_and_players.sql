with judged_games as (

    select
        game_id,
        game_name,
        release_year,
        metacritic_score,
        weighted_rating,
        ratings_count,
        playtime_hours,
        percent_rank() over (order by metacritic_score) as critics_standing,
        percent_rank() over (order by weighted_rating) as players_standing
    from {{ ref('game_scores') }}
    where metacritic_score is not null and not is_small_sample and weighted_rating is not null

)

select
    judged_games.*,
    players_standing - critics_standing as standing_gap,
    case
        when players_standing - critics_standing >= {{ var('disagreement') }} then 'players prefer it'
        when players_standing - critics_standing <= -{{ var('disagreement') }} then 'critics prefer it'
        else 'they agree'
    end as agreement
from judged_games
