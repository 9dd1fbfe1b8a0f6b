with raw_games__platforms as (

    {{ raw_table(source('raw', 'games__platforms'), {
        'game_id': 'bigint',
        'platform__id': 'bigint',
        'released_at': 'varchar',
        '_dlt_load_id': 'varchar'
    }) }}

)

select
    game_id,
    platform__id as platform_id,
    {{ dbt.safe_cast('released_at', 'date') }} as platform_release_date,
    _dlt_load_id as load_id
from raw_games__platforms
