with released_games as (

    select game_id, release_year, as_of_date
    from {{ ref('game_scores') }}
    where release_status = 'released' and release_year >= {{ var('first_trend_year') }}

),

family_counts as (

    select game_id, count(*) as families_count
    from {{ ref('int_games_by_platform_family') }}
    where platform_family <> 'All'
    group by game_id

),

families_by_year as (

    select
        families.platform_family,
        games.release_year,
        games.release_year >= extract(year from games.as_of_date) as is_partial_year,
        count(*) as games_count,
        {{ count_if_true('family_counts.families_count >= 2') }} as multi_platform_games_count
    from released_games as games
    inner join family_counts on family_counts.game_id = games.game_id
    inner join {{ ref('int_games_by_platform_family') }} as families on families.game_id = games.game_id
    group by families.platform_family, games.release_year, games.as_of_date

),

shares as (

    select
        platform_family,
        release_year,
        is_partial_year,
        games_count,
        multi_platform_games_count,
        {{ ratio('games_count', "max(case when platform_family = 'All' then games_count end) over (partition by release_year)") }}
            as games_share,
        {{ ratio('multi_platform_games_count', 'games_count') }} as multi_platform_share
    from families_by_year

)

select
    shares.platform_family,
    shares.release_year,
    shares.is_partial_year,
    shares.games_count,
    shares.games_share,
    shares.games_share - previous.games_share as games_share_change,
    shares.multi_platform_games_count,
    shares.multi_platform_share,
    shares.games_count < {{ var('minimum_group') }} as is_small_sample
from shares
left join shares as previous
    on previous.platform_family = shares.platform_family
    and previous.release_year = shares.release_year - 1
