with played_games as (

    select
        scores.game_id,
        case
            when scores.playtime_hours <= 2 then 1
            when scores.playtime_hours <= 5 then 2
            when scores.playtime_hours <= 10 then 3
            when scores.playtime_hours <= 20 then 4
            when scores.playtime_hours <= 40 then 5
            else 6
        end as playtime_band,
        scores.metacritic_score,
        case when not scores.is_small_sample then scores.weighted_rating end as trusted_rating,
        measures.beaten_count,
        measures.dropped_count,
        coalesce(measures.playing_count, 0) + coalesce(measures.beaten_count, 0) + coalesce(measures.dropped_count, 0)
            as started_count
    from {{ ref('game_scores') }} as scores
    inner join {{ ref('fct_games') }} as measures on measures.game_id = scores.game_id
    where scores.playtime_hours is not null

)

select
    cast(playtime_band as bigint) as playtime_band,
    case playtime_band
        when 1 then '1-2 hours'
        when 2 then '3-5 hours'
        when 3 then '6-10 hours'
        when 4 then '11-20 hours'
        when 5 then '21-40 hours'
        else 'over 40 hours'
    end as playtime_label,
    count(*) as games_count,
    count(trusted_rating) as rated_games_count,
    {{ median_of('trusted_rating') }} as median_weighted_rating,
    count(metacritic_score) as reviewed_games_count,
    {{ median_of('metacritic_score') }} as median_metacritic_score,
    {{ ratio('sum(beaten_count)', 'sum(started_count)') }} as beaten_rate,
    {{ ratio('sum(dropped_count)', 'sum(started_count)') }} as dropped_rate,
    count(trusted_rating) < {{ var('minimum_group') }} as is_small_sample
from played_games
group by playtime_band
