with raw_game_details__platforms as (

    {{ raw_table(source('raw', 'game_details__platforms'), {
        '_dlt_parent_id': 'bigint',
        'platform__id': 'bigint',
        'released_at': 'varchar',
        'requirements__minimum': 'varchar',
        'requirements__recommended': 'varchar'
    }) }}

)

select
    _dlt_parent_id as game_id,
    platform__id as platform_id,
    {{ dbt.safe_cast('released_at', 'date') }} as platform_release_date,
    requirements__minimum as minimum_requirements,
    requirements__recommended as recommended_requirements
from raw_game_details__platforms
